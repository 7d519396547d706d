# applied.sh
toriconfig rotate 'secret/app#api_key' --kind command --apply 'sh set.sh' --verify 'sh works.sh'
toriconfig rotate 'secret/app#api_key' --rollback --apply 'sh set.sh'
cat acts
