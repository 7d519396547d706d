# limits.py
import base64

from app import settings
from standard import configure, log

configure()
key = settings.api_key.get()
log.info("the key:          %s", key)
log.info("base64:           %s", base64.b64encode(key.encode()).decode())
log.info("first characters: %s", key[:8])
log.info("reversed:         %s", key[::-1])
