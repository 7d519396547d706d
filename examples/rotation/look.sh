# look.sh
toriconfig rotate --status --settings app:settings
