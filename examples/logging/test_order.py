# test_order.py
from app import settings
from standard import configure, order

from toriconfig import override
from toriconfig.testing import Canary


def test_an_order_logs_no_secret() -> None:
    configure()
    canary = Canary()
    with override(settings, {"api_key": canary.secret}), canary.watch():
        order()
