# server.sh
env | grep '^VAULT_' | sed 's/^/export /' >vault.env
sleep 120
