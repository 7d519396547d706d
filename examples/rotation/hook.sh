# hook.sh
toriconfig rotate 'secret/app#api_key' --hook 'sh notify.sh'
grep -o '"event": "[a-z-]*"' events.jsonl
