# works.sh
read -r key
test "${#key}" -ge 13
