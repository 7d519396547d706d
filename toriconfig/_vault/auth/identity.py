"""The token of a client: login, renewal, replacement and revocation."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from toriconfig._runtime.deadline import SLICE, Deadline
from toriconfig._runtime.log import internal
from toriconfig._runtime.single_flight import Flight
from toriconfig._runtime.weak_timer import WeakTimer
from toriconfig._runtime.workers import LEASE
from toriconfig._vault import timing
from toriconfig._vault.auth.masked import mask_token, token_replaced
from toriconfig._vault.auth.obtain import obtain, token_now
from toriconfig._vault.http.response import Answer, Failure
from toriconfig._vault.http.translate import denied, error_of, internal_error, timed_out
from toriconfig._vault.log import logger
from toriconfig._vault.token import NEVER, LiveToken
from toriconfig.errors import SecretError
from toriconfig.pipeline._memory_lock import MemoryLock
from toriconfig.vault import Agent, Token

if TYPE_CHECKING:
    from toriconfig._vault.requester import WorkerRequester

CONFIRMED_FOR = 10.0
"""Seconds after a login or a lookup during which a 403 is probably caused by the policy, and not by the token.

During this time, a 403 leads to a lookup of the token before a new login.
"""

LOOKUP_WITHIN = 10.0
"""Maximum number of seconds from the first use of a token of another program to the lookup of the token.

The lookup is not immediate, because a lookup counts as a use, and a token may have few uses.
"""

LOOKUP_WITHIN_LEASED = 1.0
"""Maximum number of seconds from the first use to the lookup, if a lease was issued to the token."""


def no_policy(denial: Answer) -> bool:
    """True if the text of a 403 shows that the token is valid and that no policy allows the request.

    Vault writes "1 error occurred" only after it has found the token.
    """
    return "1 error occurred" in denial.text and "invalid token" not in denial.text


class Dependents(Protocol):
    """Protocol of an object that holds leased credentials.

    Vault revokes the credentials when the token that requested them expires.
    """

    def any_on(self, token: LiveToken) -> bool:
        """True if any of the credentials were requested with `token`."""
        ...

    def token_changed(self, token: LiveToken) -> None:
        """Recalculate when to renew or replace the credentials that were requested with `token`.

        Called after another token has replaced `token`, or after the end of `token` has changed.
        """
        ...

    def token_failed(self, token: LiveToken, error: SecretError, asked: float) -> None:
        """Record `error` for the credentials that were requested with `token` and would end later than `token`.

        Args:
            token: the token, whose renewal or replacement has failed.
            error: error of the failed request.
            asked: monotonic seconds at which the request was sent.
        """
        ...

    def token_renewed(self, token: LiveToken) -> None:
        """After a renewal of `token`, clear the outage errors of the credentials requested with `token`.

        An outage error shows that Vault is down or sealed.
        """
        ...


class _None:
    """The `Dependents` of a client that has no leased credentials."""

    def any_on(self, token: LiveToken) -> bool:
        return False

    def token_changed(self, token: LiveToken) -> None:
        """Do nothing."""

    token_renewed = token_changed

    def token_failed(self, token: LiveToken, error: SecretError, asked: float) -> None:
        """Do nothing."""


class Identity:
    """Holder of the token of one client in one process.

    Args:
        requester: object that sends the requests.
        dependents: holder of the leased credentials; None: there are none.
    """

    def __init__(self, requester: WorkerRequester, dependents: Dependents | None = None) -> None:
        self._requester = requester
        self._executor = requester.executor
        self._dependents: Dependents = dependents or _None()
        self._auth = requester.resolved.auth
        self._lock = MemoryLock()
        self._token: LiveToken | None = None
        self._flight: Flight | None = None
        self._failures = 0
        self._retry_at = 0.0
        self._error: SecretError | None = None
        self._obtained_tokens: list[LiveToken] = []
        self._lookup_planned = False

    @property
    def current(self) -> LiveToken | None:
        """The token in use; None: no token is in memory."""
        return self._token

    @property
    def error(self) -> SecretError | None:
        """Error of the last login; None if the login succeeded or no login was sent."""
        return self._error

    @property
    def revocable(self) -> bool:
        """True if this process holds a token that it obtained by a login."""
        return any(token.pid == os.getpid() for token in self._obtained_tokens)

    def forget_failures(self) -> None:
        """End the pause after a failed login. Credentials that Vault has refused are still not sent again."""
        self._retry_at = 0.0

    def token(self, deadline: Deadline) -> LiveToken | SecretError:
        """Return the token in use if it is still valid; otherwise log in, and return the new token or the error.

        Concurrent calls share one login. During the pause after a failed login, return the error of that login.
        """
        token = self._token
        if token is not None and self._executor.now() < token.usable_until:
            return token
        return self._log_in(deadline, token)

    def after_denial(
        self, token: LiveToken, denial: Answer, deadline: Deadline, method: str, path: str, *, relogin: bool
    ) -> LiveToken | SecretError:
        """Find the cause of a 403. Return another token if a retry with that token may succeed, otherwise the error.

        If `relogin` is False, a login is sent only after a lookup has shown that Vault refuses `token`.
        """
        current = self._token
        if current is not None and current is not token:
            return current
        if isinstance(self._auth, Agent):
            return denied(path, method)
        if isinstance(self._auth, Token):
            given = token_now(self._auth, self._requester, deadline)
            if isinstance(given, str) and given != token.value:
                return self._use(LiveToken(given, from_login=False, now=self._executor.now()), token)
        sure = self._executor.now() - token.confirmed < CONFIRMED_FOR
        if sure and no_policy(denial):
            return denied(path, method)
        failed: SecretError | None = None
        if relogin and not sure and not isinstance(self._auth, Token):
            other = self._log_in(deadline, token)
            if isinstance(other, LiveToken):
                self._look_up_for_leases(token, deadline)
                return other
            failed = other
        looked = self._look_up(token, deadline)
        if looked == "alive":
            return denied(path, method)
        if looked == "dead":
            self._record_end(token)
            if isinstance(self._auth, Token):
                return denied(path, method, token_dead=True)
            with self._lock:
                if self._token is token:
                    self._token = None
            return failed or self.token(deadline)
        return failed or denied(path, method)

    @property
    def limited(self) -> bool:
        """True if another program obtained the token, and the token has a limited number of uses.

        If True, no request is sent in the background.
        """
        token = self._token
        return token is not None and token.use_limited and not token.from_login

    def used(self, token: LiveToken, *, leased: bool) -> None:
        """Record a successful request. If the lifetime of the token is unknown, plan a lookup of the token.

        Args:
            token: token of the request.
            leased: True if the answer has a lease.
        """
        if token.duration is None and not self._lookup_planned and token.value:
            self._lookup_planned = True
            wait = (
                LOOKUP_WITHIN_LEASED * self._executor.rnd()
                if leased
                else LOOKUP_WITHIN * (0.7 + 0.3 * self._executor.rnd())
            )
            self._at(self._executor.now() + wait, token)

    def due(self, token: LiveToken) -> None:
        """Start the renewal or replacement of `token`. Do nothing if the token was already replaced."""
        if not token.replaced:
            self._requester.launch(LEASE, lambda flight: self._maintain(flight, token))

    def inherit(self, parent: Identity, *, share: bool) -> None:
        """In a forked child: use the token of `parent`, if `share` is True or if another program obtained the token.

        Otherwise the child has no token until its next request.
        """
        token = parent._token
        if token is not None and (share or not token.from_login):
            self._token = token

    def release_tokens(self) -> list[LiveToken]:
        """Forget all tokens. Return the valid tokens that this process obtained by a login.

        The caller revokes the returned tokens.
        """
        with self._lock:
            tokens, self._obtained_tokens = self._obtained_tokens, []
            token, self._token = self._token, None
        now = self._executor.now()
        if token is not None:
            token.replaced = True  # nothing more is planned for it
        ours = [token for token in tokens if token.pid == os.getpid() and now < token.ends]
        for token in ours:
            token.end()
        return ours

    def revoke(self, token: LiveToken, deadline: Deadline) -> None:
        """Revoke `token`. Vault ends the leases of the token too."""
        self._requester.exchange(deadline, "POST", "auth/token/revoke-self", None, token.value, repeatable=True)

    def _log_in(self, deadline: Deadline, replacing: LiveToken | None) -> LiveToken | SecretError:
        with self._lock:
            if self._token is not None and self._token is not replacing:
                return self._token
            flight = self._flight
            mine = flight is None or flight.ended or flight.deadline.remaining() <= 0
            if mine:
                if deadline.remaining() < SLICE:
                    return timed_out("auth", self._requester.resolved.timeout)
                if self._error is not None and self._executor.now() < self._retry_at:
                    return self._error
                flight = self._flight = Flight(deadline, lambda _: None)
        assert flight is not None
        if not mine:
            if not flight.join(deadline.remaining()):
                return timed_out("auth", self._requester.resolved.timeout)
            with self._lock:
                return self._token or self._error or timed_out("auth", self._requester.resolved.timeout)
        try:
            return self._settle(self._obtained(deadline), replacing)
        finally:
            flight.finish()

    def _settle(self, obtained: LiveToken | SecretError, replacing: LiveToken | None) -> LiveToken | SecretError:
        if isinstance(obtained, LiveToken):
            return self._use(obtained, replacing)
        with self._lock:
            self._error = obtained
            self._failures += 1
            wait = timing.retry_delay(
                self._failures, self._requester.resolved.vault.refresh_interval, self._executor.rnd
            )
            # a search for a token in files and variables may be repeated at once
            self._retry_at = 0.0 if isinstance(self._auth, Token) else self._executor.now() + wait
        return obtained

    def _obtained(self, deadline: Deadline) -> LiveToken | SecretError:
        """Return a new token or the error. An unexpected exception is returned as an error too."""
        try:
            return obtain(self._requester, deadline)
        except Exception as error:  # noqa: BLE001 - every waiter gets an outcome
            return internal_error(internal(error))

    def _use(self, token: LiveToken, replacing: LiveToken | None) -> LiveToken:
        with self._lock:
            if token.from_login:
                self._obtained_tokens.append(token)
            if self._token is not None and self._token is not replacing:
                return self._token
            self._token, self._error, self._failures, self._retry_at = token, None, 0, 0.0
            self._lookup_planned = False
            now = self._executor.now()
            self._obtained_tokens = [one for one in self._obtained_tokens if now < one.ends]
            if replacing is not None:
                replacing.replaced = True
        mask_token(token.value)
        if token.due(self._executor.rnd) < NEVER:
            self._at(token.due(self._executor.rnd), token)
        if replacing is not None:
            token_replaced(replacing.value)
            self._dependents.token_changed(replacing)
        return token

    def _renewal_failed(self, token: LiveToken, error: SecretError | None, asked: float) -> float:
        """Record `error` for the credentials that were requested with `token`. If `error` is None, record nothing.

        Return the monotonic seconds of the next attempt. `asked` is the monotonic time of the failed request.
        """
        if error is not None:
            self._dependents.token_failed(token, error, asked)
        return self._again(token)

    def _look_up_for_leases(self, token: LiveToken, deadline: Deadline) -> None:
        """Look up `token` if leased credentials were requested with it. If the token has expired, record its end."""
        if self._dependents.any_on(token) and self._look_up(token, deadline) == "dead":
            self._record_end(token)

    def _record_end(self, token: LiveToken) -> None:
        """Record that `token` has ended, and the leased credentials with it."""
        token.end()
        self._dependents.token_changed(token)

    def _look_up(self, token: LiveToken, deadline: Deadline) -> str:
        """Look up the token in Vault, and update the end of the token.

        Return "alive" if Vault accepts the token, "dead" if Vault refuses the token, otherwise "unknown".
        """
        now = self._executor.now()
        outcome = self._requester.exchange(deadline, "GET", "auth/token/lookup-self", None, token.value)
        if isinstance(outcome, Failure) or outcome.status not in (200, 403):
            return "unknown"
        if outcome.status == 403:
            return "unknown" if no_policy(outcome) else "dead"
        before = token.ends
        token.update(outcome.data, now)
        if token.ends < before:
            self._dependents.token_changed(token)
        return "alive"

    def _at(self, due: float, token: LiveToken) -> None:
        self._executor.scheduler.at(due, WeakTimer(self, token))

    def _maintain(self, flight: Flight, token: LiveToken) -> None:
        """Look up, renew or replace `token`, and plan the next call of this method."""
        try:
            due = self._maintained(token, flight.deadline)
        except Exception as error:  # noqa: BLE001  (there is a next attempt)
            internal(error)
            due = self._again(token)
        finally:
            if flight.claim():
                flight.finish()
        if due < NEVER and not token.replaced:
            self._at(due, token)

    def _maintained(self, token: LiveToken, deadline: Deadline) -> float:
        requester, executor = self._requester, self._executor
        if token.duration is None:
            # without a policy that allows the lookup, the token is used until it is refused
            return token.due(executor.rnd) if self._look_up(token, deadline) == "alive" else NEVER
        if not token.must_be_replaced:
            now = executor.now()
            outcome = requester.exchange(deadline, "POST", "auth/token/renew-self", {}, token.value)
            facts = outcome.body.get("auth") if isinstance(outcome, Answer) and outcome.status == 200 else None
            if isinstance(facts, dict):
                token.update(facts, now, renewal=True)
                self._dependents.token_renewed(token)
                if not token.must_be_replaced:
                    return token.due(executor.rnd)
            elif outcome.status not in (400, 403):
                namespace = requester.resolved.namespace
                error = error_of(outcome, "POST", "auth/token/renew-self", namespace=namespace)
                return self._renewal_failed(token, error, now)
        given = token_now(self._auth, requester, deadline) if isinstance(self._auth, Token) else None
        if isinstance(given, str):
            if given != token.value:
                self._use(LiveToken(given, from_login=False, now=executor.now()), token)
            elif token.ends < NEVER:
                left = max(0.0, token.ends - executor.now())
                logger().warning("the token for Vault ends in %d s and cannot be renewed: give a new one", left)
            return NEVER
        asked, other = executor.now(), self._log_in(deadline, token)
        return NEVER if isinstance(other, LiveToken) else self._renewal_failed(token, other, asked)

    def _again(self, token: LiveToken) -> float:
        left = token.ends - self._executor.now()
        return NEVER if left <= 0 else self._executor.now() + max(0.5, left / 4.0) * (0.9 + 0.2 * self._executor.rnd())
