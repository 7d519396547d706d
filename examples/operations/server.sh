# server.sh
env | grep '^VAULT_' | sed 's/^/export /' >vault.env
for _ in $(seq 600); do [ -e stop ] || sleep 0.2; done
