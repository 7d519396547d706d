"""Rotation of a pair of a private and a public key, in PEM format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from toriconfig._core.clean_call import clean_methods, expect
from toriconfig.pipeline._redact import register
from toriconfig.rotation._errors import RotationError, RotationRefused
from toriconfig.rotation._option import Option
from toriconfig.rotation._protocol import Values, Work
from toriconfig.rotation.kinds._stored import Stored

PRIVATE, PUBLIC = "private_key", "public_key"


@clean_methods
class KeyPair(Stored):
    """The keys `private_key` (PKCS #8) and `public_key` of a KV path.

    Args:
        algorithm: "ed25519", "ec-p256" or "rsa-3072".

    Raises:
        ValueError: the algorithm is unknown.
    """

    name = "key-pair"
    summary = "private_key and public_key at a KV path"
    options = (Option("algorithm", default="ed25519", new_value=True, help="ed25519, ec-p256 or rsa-3072."),)

    def __init__(self, algorithm: str = "ed25519") -> None:
        expect(algorithm, str, "the algorithm of a key pair must be text")
        if algorithm not in _ALGORITHMS:
            raise ValueError(f"the algorithm of a key pair must be one of {', '.join(_ALGORITHMS)}, not {algorithm}")
        self.algorithm = algorithm

    def plan(self, work: Work, current: Values) -> list[str]:
        """Return a list with one planned action.

        Raises:
            RotationRefused: the library `cryptography` is missing, or the reference is `path#key` instead of `path`.
        """
        if work.ref.key is not None:
            raise RotationRefused(
                f"{work.ref} names one key, but both halves of a pair are rotated together",
                reference=str(work.ref),
                help=f"write `{work.ref.path}`",
            )
        try:
            import cryptography  # noqa: F401
        except ImportError:
            raise RotationRefused(
                "creating a key pair needs cryptography", help="pip install 'toriconfig[keys]'"
            ) from None
        return [f"create a new {self.algorithm} pair: {PRIVATE} and {PUBLIC}"]

    def generate(self, work: Work, current: Values) -> Values:
        """Return a new key pair."""
        from cryptography.hazmat.primitives import serialization as forms

        key = _ALGORITHMS[self.algorithm]()
        private = key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
        public = key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)
        register(private.decode())
        return {PRIVATE: private.decode(), PUBLIC: public.decode()}

    def verify(self, work: Work, pending: Values) -> None:
        """Check that the private and the public key belong together.

        In a rollback, a pair in a format that `cryptography` cannot read is accepted.

        Raises:
            RotationError: the keys do not belong together.
        """
        try:
            together = _together(pending[PRIVATE].encode(), pending[PUBLIC].encode())
        except Exception:  # what the library raises at a form that it cannot read has no common class
            if not work.returning:
                raise
            return
        if not together:
            raise RotationError("the private and the public key do not belong together")


def _together(private: bytes, public: bytes) -> bool:
    from cryptography.hazmat.primitives import serialization as forms

    load_private = forms.load_ssh_private_key if b"BEGIN OPENSSH" in private else forms.load_pem_private_key
    load_public = forms.load_pem_public_key if b"-----BEGIN" in public else forms.load_ssh_public_key
    halves = load_private(private, None).public_key(), load_public(public)
    one, other = (half.public_bytes(forms.Encoding.DER, forms.PublicFormat.SubjectPublicKeyInfo) for half in halves)
    return one == other


def _ed25519() -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.generate()


def _ec_p256() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _rsa_3072() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 3072)


_ALGORITHMS: dict[str, Callable[[], Any]] = {"ed25519": _ed25519, "ec-p256": _ec_p256, "rsa-3072": _rsa_3072}
