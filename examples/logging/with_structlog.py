# with_structlog.py
import structlog
from app import settings

from toriconfig.pipeline import structlog_processor

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog_processor,  # directly before the renderer
        structlog.processors.JSONRenderer(sort_keys=True),
    ]
)

key = settings.api_key.get()
log = structlog.get_logger().bind(headers={"Authorization": f"Bearer {key}"})
log.info("order")
try:
    raise ConnectionError(f"{key} refused")
except ConnectionError:
    log.exception("no order")
