# rotate.py
from toriconfig.rotation import Rotation, kinds


def works(value: str) -> bool:
    return len(value) >= 16


rotation = Rotation("secret/app#token", kinds.Generated(length=48), verify=works)
print("version", rotation.run().version)
undone = rotation.rollback()
print("version", undone.version, "has the value of version", undone.restored)
