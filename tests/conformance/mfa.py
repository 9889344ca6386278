"""An authenticator: what people have on their phones."""

import base64
import hashlib
import hmac
import struct
import time

STEP = 30


class Authenticator:
    """Codes of a seed, `ahead` by so many steps."""

    def __init__(self, letters, ahead=0):
        self.seed, self.ahead = base64.b32decode(letters), ahead

    def code(self, steps=0):
        """The code of now, or of so many steps later."""
        step = int(time.time()) // STEP + self.ahead + steps
        tag = hmac.digest(self.seed, struct.pack(">Q", step), hashlib.sha1)
        offset = tag[-1] & 15
        number = struct.unpack(">I", tag[offset:offset + 4])[0] & 0x7FFFFFFF
        return f"{number % 10**6:06}"

    def pair(self, steps=-2):
        """Two codes in a row. Those of before leave the ones of now to be used."""
        return {"AuthenticationCode1": self.code(steps), "AuthenticationCode2": self.code(steps + 1)}

    def wrong(self):
        """A code that is none of those near now."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(10)) if code not in near)


def enable(iam, user, name=None, **options):
    """Gives a user a device, and returns its serial number and authenticator."""
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name or f"{user}-phone", **options)["VirtualMFADevice"]
    phone = Authenticator(device["Base32StringSeed"])
    iam.enable_mfa_device(UserName=user, SerialNumber=device["SerialNumber"], **phone.pair())
    return device["SerialNumber"], phone


def remove_all(iam, user):
    """Takes a user's devices away, and deletes them."""
    for device in iam.list_mfa_devices(UserName=user)["MFADevices"]:
        iam.deactivate_mfa_device(UserName=user, SerialNumber=device["SerialNumber"])
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
