# log.py
from toriconfig.pipeline import get_logger

get_logger("shop")
get_logger("shop").info("one line, although get_logger was called twice")
