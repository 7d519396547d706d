# test_tenants.py
from app import settings, tenant, tenant_name

from toriconfig import override


def test_a_tenant_has_its_own_limits() -> None:
    with override(settings, {"tenants.acme.limits.requests": 1}):  # this test alone sees it
        tenant_name.set("acme")
        assert tenant().limits.requests == 1
    assert tenant().limits.requests == 5000
