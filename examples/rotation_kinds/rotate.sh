# rotate.sh
toriconfig rotate 'secret/app#token' --verify 'sh works.sh' --dry-run
toriconfig rotate 'secret/app#token' --verify 'sh works.sh'
toriconfig rotate 'secret/app#token' --status
toriconfig rotate 'secret/app#token' --rollback
