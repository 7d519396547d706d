# by_variables.sh
python setup.py
export APP_VAULT__AUTH__METHOD=userpass APP_VAULT__AUTH__USERNAME=ann APP_VAULT__AUTH__PASSWORD_FILE=password.txt
python built_in.py
