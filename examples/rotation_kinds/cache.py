# cache.py
from redis import Redis

from local_valkey import valkey_server
from toriconfig.rotation import Rotation, kinds
from toriconfig.testing import vault_server

with vault_server() as vault, valkey_server() as server:
    with Redis(port=server.port, password=server.password) as admin:
        admin.set("app:greeting", "hello")
        admin.acl_setuser("app", enabled=True, passwords=["+former"], keys=["app:*"], categories=["+@read"])
    vault.put("secret/redis-admin", {"username": "default", "password": server.password})
    vault.put("secret/cache", {"username": "app", "password": "former"})

    kind = kinds.RedisUser(server.url, admin="secret/redis-admin")
    rotation = Rotation("secret/cache", kind, environ=vault.environ, min_age=0.0)
    print(*rotation.plan().actions, sep="\n")
    rotation.run()

    for password in ("former", vault.get("secret/cache")["password"]):
        with Redis(port=server.port, username="app", password=password, decode_responses=True) as reader:
            print(reader.get("app:greeting"))
