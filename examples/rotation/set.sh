# set.sh
umask 077
cat >accepted
echo "$TORICONFIG_ACT $TORICONFIG_REFERENCE" >>acts
