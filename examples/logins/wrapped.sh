# wrapped.sh
python setup.py
VAULT_TOKEN="$(python wrap.py)"
export VAULT_TOKEN APP_VAULT__AUTH__WRAPPED=true
python built_in.py
