# start.py
from app import settings

from toriconfig import prefetch

prefetch(settings, bar=True)
print("ready")
