# rotate.sh
echo the-first-token >tokens.txt
toriconfig rotate 'secret/service#token' --kind token_kind:ServiceToken --tokens tokens.txt
toriconfig rotate 'secret/service#token' --kind token_kind:ServiceToken --rollback
