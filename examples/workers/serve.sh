# serve.sh
gunicorn --preload --workers 2 --bind unix:app.sock --log-level warning app:application &
until curl --silent --unix-socket app.sock http://app/ >answer; do sleep 0.2; done
kill $!
wait
cut -d' ' -f2 answer
