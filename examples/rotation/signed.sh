# signed.sh
python receive.py &
until test -s port; do sleep 0.1; done
toriconfig rotate 'secret/app#session_key' --webhook "http://127.0.0.1:$(cat port)/" --webhook-key 'vault:secret/hooks#key'
wait
