# servers.sh
env | grep -E '^(VAULT|APP)_' | sed 's/^/export /' >servers.env
for _ in $(seq 600); do [ -e stop ] || sleep 0.2; done
