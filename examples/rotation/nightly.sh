# nightly.sh
toriconfig rotate --due --settings app:settings
toriconfig rotate 'secret/app#api_key' --due --max-age 0s
