"""Reading of one path of Vault, from KV or any other secrets engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from toriconfig._core.markers import ParsedReference
from toriconfig._runtime.deadline import Deadline
from toriconfig._vault.engines.issue import issue
from toriconfig._vault.engines.paths import is_engine, issues_on_read
from toriconfig._vault.expiry import IDENTITY, identity_token, is_code, one_time_code
from toriconfig._vault.http.envelope import positive_int, seconds
from toriconfig._vault.http.response import Answer
from toriconfig._vault.http.translate import MOUNTS, error_of
from toriconfig._vault.result import ReadResult, lease_in
from toriconfig.errors import SecretError, VaultError, VaultNotFound, VaultUnreachable
from toriconfig.pipeline._memory_lock import MemoryLock

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from toriconfig._vault.requester import WorkerRequester

Kind = Literal["v1", "v2", "issuing", "codes", "other"]

REMEMBER = 600.0
"""Seconds for which the kind of a mount is remembered."""

_ISSUING = frozenset(
    (
        *("pki", "ssh", "kubernetes", "aws", "gcp", "azure", "alicloud", "database", "ldap", "openldap", "ad"),
        *("consul", "nomad", "rabbitmq", "terraform", "mongodb", "mongodbatlas", "venafi"),
    )
)
"""Last words of the names of engines that issue credentials for parameters, and do not store the parameters."""

_VERSIONED = "Invalid path for a versioned K/V secrets engine"


class Mount(NamedTuple):
    """A mounted secrets engine.

    Attributes:
        prefix: path of the mount, with `/` at the end.
        kind: "v1" or "v2": KV of this version. "issuing": an engine such as PKI, which creates credentials from the
            parameters of a request. "codes": TOTP. "other": another engine, or an engine that was not looked up.
    """

    prefix: str
    kind: Kind


class Mounts:
    """Known mounts of one client, and reading of the paths below mounts."""

    def __init__(self, requester: WorkerRequester) -> None:
        self._requester = requester
        self.reset()

    def reset(self) -> None:
        """Forget the mounts and replace the lock. After a fork, a thread of the parent may hold the old lock."""
        self._lock = MemoryLock()
        self._mounts: MutableMapping[str, Mount] | None = None
        self._looked_up: MutableMapping[str, None] = {}

    def fetch(self, parsed: ParsedReference, deadline: Deadline, *, relogin: bool) -> ReadResult | SecretError:
        """Read a path. Return the data or an error. If the reference has parameters, send the parameters with POST.

        If a wrong mount may be the cause of the answer, such as a 404, look up the mount in Vault. If Vault reports
        another mount, read the path again. A path is looked up at most once per `refresh_interval`.

        Args:
            parsed: the checked reference, with version or parameters.
            relogin: True: log in again after a 403.
        """
        path, version = parsed.path, parsed.version
        if parsed.parameters:
            return self._issue(parsed, deadline, relogin)
        known = self._known(path)
        mount = known or _guess(path, version)
        result = self._read(mount, path, version, deadline, relogin)
        if isinstance(result, ReadResult) and known is None and mount.kind == "v2":
            self._remember(mount)
        if (result is None or _is_doubtful(result, known)) and self._take_lookup(path):
            right = self._find_mount(path, known, deadline)
            if right is not None:
                self._remember(right, instead_of=known)
                if right != mount:
                    result = self._read(right, path, version, deadline, relogin=False)
        return result or VaultUnreachable(f"{path} was answered without data: not Vault's answer", reference=path)

    def _read(
        self, mount: Mount, path: str, version: int | None, deadline: Deadline, relogin: bool
    ) -> ReadResult | SecretError | None:
        """Read `path` as a path of `mount`. Return data or an error; None if the answer shows that `mount` is wrong.

        `version` is a version of KV v2 (None: the newest). If `relogin` is True, log in again after a 403.
        """
        requester = self._requester
        asked = requester.executor.now()
        if mount.kind == "v2":
            target = f"{mount.prefix}data/{path[len(mount.prefix) :]}"
            answer = requester.ask(
                deadline, "GET", target, query={"version": version} if version else None, relogin=relogin, check=False
            )
            return _versioned(requester.resolved.namespace, answer, path, version, target)
        if version is not None:
            return VaultNotFound(
                f"{path} has no versions", reference=path, help="only KV v2 keeps versions: leave `?version=` out"
            )
        repeatable = not issues_on_read(path)
        answer = requester.ask(deadline, "GET", path, repeatable=repeatable, relogin=relogin, check=False)
        if isinstance(answer, SecretError):
            return answer
        if answer.status == 404 and _VERSIONED in answer.text:
            return None
        error = error_of(answer, "GET", path, namespace=requester.resolved.namespace)
        if error is not None:
            return error
        data = answer.body.get("data")
        if not isinstance(data, dict):
            return VaultUnreachable(f"{path} was answered without data: not Vault's answer", reference=path)
        lease = lease_in(answer.body, asked)
        if lease is None and path.startswith(IDENTITY):
            return identity_token(data, answer, requester.resolved.vault.clock, asked)
        if lease is None and is_code(path, data) and self._issues_codes(mount, path, deadline):
            return one_time_code(data, asked)
        ttl = seconds(data.get("ttl")) if "last_vault_rotation" in data else None
        return ReadResult(data, None, lease, answer.token, ttl)

    def _issues_codes(self, mount: Mount, path: str, deadline: Deadline) -> bool:
        """True if the engine of `path` is TOTP, or if the lookup of the engine fails.

        A secret in KV may have the same JSON field names as an answer of TOTP, such as `code`. So the answer to a read
        does not show the engine.
        """
        known = self._known(path) or mount
        if known.kind == "other":
            found = self._mount_from_server(path, deadline, relogin=False)
            if isinstance(found, SecretError):
                return True
            self._remember(found)
            known = found
        return known.kind == "codes"

    def _issue(self, parsed: ParsedReference, deadline: Deadline, relogin: bool) -> ReadResult | SecretError:
        """Send the parameters with POST. Return the issued data or an error.

        The engine is looked up first, each time. An engine that does not issue credentials gets no POST, because such
        an engine might store the parameters.
        """
        path = parsed.path
        mount = self._mount_from_server(path, deadline, relogin=relogin)
        if isinstance(mount, SecretError):
            return mount
        if mount.kind != "issuing":
            return VaultError(
                f"{path} is in no engine that issues anything to parameters",
                reference=path,
                help=f"nothing was sent to {mount.prefix}: leave out what stands after `?`, or correct the path",
            )
        return issue(self._requester, path, parsed.parameters, deadline, relogin=relogin)

    def _mount_from_server(self, path: str, deadline: Deadline, *, relogin: bool) -> Mount | SecretError:
        """Look up the mount of `path` in Vault. Return the mount or an error.

        Vault allows this lookup for every token that may use a path of the mount.
        """
        answer = self._requester.ask(deadline, "GET", MOUNTS + path, relogin=relogin)
        if isinstance(answer, SecretError):
            return answer
        prefix = answer.data.get("path")
        if not isinstance(prefix, str) or not path.startswith(prefix):
            return VaultUnreachable(f"{path} was answered without its mount: not Vault's answer", reference=path)
        return Mount(prefix, _kind(answer.data.get("type"), answer.data.get("options")))

    def _find_mount(self, path: str, known: Mount | None, deadline: Deadline) -> Mount | None:
        """Return the mount of `path`, from a lookup in Vault or, if the lookup fails, from a read; None: not found.

        A read shows only the version of KV. The mount path is then the prefix of `known`, or the first segment of
        `path`.
        """
        found = self._mount_from_server(path, deadline, relogin=False)
        if isinstance(found, Mount):
            return found
        if issues_on_read(path):
            return None
        plain = self._requester.ask(deadline, "GET", path, relogin=False, check=False)
        if isinstance(plain, SecretError):
            return None
        prefix = f"{path.partition('/')[0]}/" if known is None else known.prefix
        if plain.status == 404 and _VERSIONED in plain.text:
            return Mount(prefix, "v2")
        return Mount(prefix, "v1") if plain.status == 200 and plain.data else None

    def _known(self, path: str) -> Mount | None:
        from cachetools import TTLCache

        now = self._requester.executor.now
        with self._lock:
            if self._mounts is None:
                self._mounts = TTLCache(256, REMEMBER, now)
                self._looked_up = TTLCache(256, self._requester.resolved.vault.refresh_interval, now)
            end = path.find("/")
            while end >= 0:
                mount = self._mounts.get(path[: end + 1])
                if mount is not None:
                    return mount
                end = path.find("/", end + 1)
        return None

    def _remember(self, mount: Mount, instead_of: Mount | None = None) -> None:
        with self._lock:
            assert self._mounts is not None
            if instead_of is not None:
                self._mounts.pop(instead_of.prefix, None)
            self._mounts[mount.prefix] = mount

    def _take_lookup(self, path: str) -> bool:
        """Return False if `path` was looked up recently. Otherwise, mark `path` as looked up and return True."""
        with self._lock:
            if path in self._looked_up:
                return False
            self._looked_up[path] = None
            return True


def _kind(engine: object, options: object) -> Kind:
    if engine in ("kv", "generic"):
        return "v2" if isinstance(options, dict) and str(options.get("version")) == "2" else "v1"
    word = str(engine).rpartition("-")[2]  # a plugin with another name, such as `vault-plugin-secrets-kubernetes`
    return "issuing" if word in _ISSUING else "codes" if word == "totp" else "other"


def _guess(path: str, version: int | None) -> Mount:
    head, _, tail = path.partition("/")
    return Mount(f"{head}/", "v2" if version or (tail and not is_engine(path)) else "other")


def _is_doubtful(result: ReadResult | SecretError, known: Mount | None) -> bool:
    """True if a wrong mount may be the cause of an error, so that a lookup of the mount may help.

    A 403 counts only if the mount is unknown. If the mount is known, the policy is the cause of a 403.
    """
    wrong = (404, 405) if known is not None else (403, 404, 405)
    return isinstance(result, VaultNotFound) or (isinstance(result, VaultError) and result.status in wrong)


def _versioned(
    namespace: str, answer: Answer | SecretError, path: str, version: int | None, target: str
) -> ReadResult | SecretError | None:
    """Convert an answer of KV v2 to its data or an error; return None if the answer is not from KV v2.

    Args:
        answer: the answer; an error is returned unchanged.
        path: the logical path.
        version: the requested version; None: the newest.
        target: the path of the request, with `data/` after the mount.
    """
    if isinstance(answer, SecretError):
        return answer
    data, metadata = answer.data.get("data"), answer.data.get("metadata")
    if answer.status == 200:
        number = (
            positive_int(metadata.get("version"))
            if isinstance(metadata, dict) and metadata.get("created_time")
            else None
        )
        if not isinstance(data, dict) or number is None:
            return None
        return ReadResult(data, number, None, answer.token)
    if answer.status == 404 and isinstance(metadata, dict):
        what = "destroyed" if metadata.get("destroyed") else "deleted"
        remedies = ["write a new version" if version is None else "name another version"]
        if what == "deleted":
            remedies.append("undelete it")
        return VaultNotFound(
            f"version {metadata.get('version')} of {path} was {what}",
            reference=path,
            status=404,
            request_id=answer.request_id,
            help=", or ".join(remedies),
        )
    if answer.status != 404:  # policies name the path in Vault; other messages name the logical path
        return error_of(answer, "GET", target, namespace=namespace)
    absent = error_of(answer, "GET", path, namespace=namespace)
    assert absent is not None
    if version is not None and isinstance(absent, VaultNotFound) and not answer.text:
        return VaultNotFound(
            f"Vault holds no version {version} of {path}",
            reference=path,
            status=404,
            request_id=answer.request_id,
            help="look at which versions there are, and at the spelling of the path",
        )
    head, slash, tail = path.partition("/data/")
    if slash:
        absent.help = f"if {head}/ is a KV v2 engine, write the logical path: {head}/{tail}"
    return absent
