# with_loguru.py
import sys

from app import settings
from loguru import logger

from toriconfig.pipeline import loguru_patcher

logger.remove()
logger.add(sys.stdout, format="{level} {message} {extra}")
logger.configure(patcher=loguru_patcher)

key = settings.api_key.get()
logger.bind(headers=[key]).info("the key is {}", key)
