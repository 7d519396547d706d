# works.sh
test "$(cat)" = "$(cat accepted)"
