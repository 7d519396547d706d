# server.sh
env | grep '^VAULT_' | sed 's/^/export /' >vault.env
for _ in $(seq 18000); do [ -e stop ] || sleep 0.2; done
