# standard.py
import logging
import sys

from app import settings

from toriconfig.pipeline import MaskingFilter

log = logging.getLogger("shop")


def configure() -> None:
    """Write all records to standard output, without secrets."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    handler.addFilter(MaskingFilter())
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.addHandler(handler)


def order() -> None:
    """Use the key as a client does, and log too much."""
    key = settings.api_key.get()
    log.info("headers: %s", {"Authorization": f"Bearer {key}"})
    try:
        raise ConnectionError(f"https://shop:{key}@example.org refused")
    except ConnectionError:
        log.exception("no order")


if __name__ == "__main__":
    configure()
    order()
