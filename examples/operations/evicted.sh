# evicted.sh
kill -KILL "$PPID"
