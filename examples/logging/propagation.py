# propagation.py
import logging
import sys

from app import settings

from toriconfig.pipeline import get_logger

logging.basicConfig(level=logging.WARNING, stream=sys.stdout, format="root handler: %(message)s")
key = settings.api_key.get()

get_logger("shop").warning("1. the key is %s", key)  # to standard error, and not to the root handler
get_logger("shop", propagate=True).warning("2. the key is %s", key)
logging.getLogger("shop.cart").warning("3. the key is %s", key)  # a child of `shop`
logging.getLogger("other").warning("4. %d characters, and no masking", len(key))
