# serve.py
import asyncio

from app import settings, tenant, tenant_name

from toriconfig import replace


async def request(name: str) -> str:
    tenant_name.set(name)
    await asyncio.sleep(0)  # other requests run here, and each keeps its own tenant
    return f"{name}: {tenant().limits.requests} requests, theme {tenant().theme}"


async def main() -> None:
    for line in await asyncio.gather(*map(request, ["acme", "small", "acme"])):
        print(line)


if __name__ == "__main__":
    asyncio.run(main())
    trial = replace(settings, {"tenants.small.theme": "bright"})
    print("trial:", trial.tenants["small"].theme, "· settings:", sorted(settings.tenants))
