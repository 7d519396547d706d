# servers.py
import os
import subprocess
import sys

import psycopg

from local_postgres import database_role, postgres_server
from toriconfig.testing import vault_server

with vault_server() as vault, postgres_server() as postgres:
    with psycopg.connect(postgres.conninfo(), autocommit=True) as connection:
        connection.execute("CREATE TABLE orders (id bigserial PRIMARY KEY, by text DEFAULT current_user)")
    database_role(vault, postgres, "app", ttl="4s", max_ttl="4s")
    environ = {**os.environ, **vault.environ, "APP_DATABASE__PORT": str(postgres.port)}
    sys.exit(subprocess.run(sys.argv[1:], env=environ, check=False).returncode)
