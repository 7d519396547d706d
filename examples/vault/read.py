# read.py
import json

from app import settings

from toriconfig import prefetch, snapshot

prefetch(settings)
print(settings.api_key, len(settings.api_key.get()))
account = settings.account.get()
print(account.username, len(account.password.get()))
print(settings.mail_key)
print(json.dumps(snapshot(settings).model_dump(mode="json")))
