# notify.sh
cat >>events.jsonl
echo >>events.jsonl
