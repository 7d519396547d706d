# works.sh
test "$(wc -c)" -ge 16
