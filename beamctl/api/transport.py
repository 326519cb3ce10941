"""Sends requests with throttling, safe retries and debug logging."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from beamctl.api.client import Client
from beamctl.api.clock import Clock, ClockSkew, WaitBudget, measured
from beamctl.api.messages import SERVER_ERROR, CallResult, Failure, Reply, Request, requested_wait, until_text
from beamctl.api.throttle import Signal, Throttle, asks_for_wait, wait_before_repeat
from beamctl.errors import InterruptedRunError
from beamctl.model.secret import ApiRedactor

_ID_HEADERS = ("x-request-id", "x-cf-request-id", "x-amz-cf-id", "cf-ray", "x-blaxel-error-code")

_TELLING = 3
"""Refusals of one request that slow down the others. Further ones are more likely to be about its workspace."""


@dataclass(frozen=True, slots=True)
class _ActiveLimit:
    """A rate limit in effect for one kind of call.

    Attributes:
        until: When it ends, in the seconds of the clock.
        reply: The reply to return until then.
    """

    until: float
    reply: Reply


class Transport:
    """Sends the requests of one workspace. Thread-safe.

    The throttle may be shared with other workspaces; a kind of call that is rate limited for too long is not. So a
    workspace whose calls are always refused fails alone.

    Attributes:
        skew: The difference between this machine's clock and the API's; None until a reply has been received.
    """

    def __init__(  # noqa: PLR0913 - what it uses, some of it shared with other workspaces
        self,
        client: Client,
        gate: Throttle,
        clock: Clock,
        chance: Callable[[], float],
        redactor: ApiRedactor,
        wait_budget: WaitBudget,
        *,
        debug: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._chance = chance
        self._redactor = redactor
        self.skew: ClockSkew | None = None
        self._wait_budget = wait_budget
        self._debug = debug
        self._gate = gate
        self._limits: dict[tuple[str, ...], _ActiveLimit] = {}

    def send(self, request: Request) -> CallResult:
        """Send a request, and retry it if that is safe and may help. A `final` request is not retried.

        Raises:
            InterruptedRunError: The run was interrupted before the request was sent, or during a read.
        """
        began = self._clock.now()
        attempts = 0
        outcome: CallResult | None = None
        while True:
            attempts += 1
            try:
                outcome, wait = self._attempt(request, attempts, began, outcome)
            except InterruptedRunError:
                if outcome is None or request.interruptible:
                    raise
                return outcome  # an earlier attempt may have taken effect
            if wait is None or request.final:
                return outcome
            self._log(f"  retry in {wait:.1f} s: {request.method} {request.path}")
            if not self._clock.sleep(wait):
                if request.interruptible:
                    raise InterruptedRunError("interrupted while waiting to try again")
                return outcome

    def _attempt(
        self, request: Request, attempts: int, began: float, earlier: CallResult | None
    ) -> tuple[CallResult, float | None]:
        with self._gate.slot() as slot:
            limit = self._limits.get(_call_kind(request))
            if limit is not None and self._clock.now() < limit.until:
                self._log(f"  not sent because of a rate limit: {request.method} {request.path}")
                in_doubt = earlier is not None and not _is_limit(earlier)  # an earlier attempt may have taken effect
                return (earlier if earlier is not None and in_doubt else limit.reply), None
            outcome = self._observed(request)
            elapsed = self._clock.now() - began
            wait = wait_before_repeat(
                outcome, attempts, elapsed, once=request.once, chance=self._chance(), wall=self._clock.wall()
            )
            slot.signal = _signal(outcome)
            if slot.signal is Signal.TAKEN:
                self._wait_budget.progress(self._clock.now())
            if isinstance(outcome, Reply) and (refused := self._refused_wait(request, outcome, wait)) is not None:
                outcome, wait = self._given_up(request, outcome, refused), None
                slot.signal = Signal.NOTHING  # only this kind of call has to stop
            elif slot.signal is Signal.REFUSED and attempts > _TELLING:
                slot.signal = Signal.NOTHING
            slot.wait = wait or 0.0
        return outcome, wait

    def _refused_wait(self, request: Request, reply: Reply, wait: float | None) -> float | None:
        """The seconds that the API asks to wait, if the run may not wait that long."""
        now, wall = self._clock.now(), self._clock.wall()
        if wait is not None and not request.final:
            if not asks_for_wait(reply, wall) or self._wait_budget.grant(wait, now, limited=reply.limited):
                return None
            return wait
        asked = requested_wait(reply.status, reply.headers, wall) if reply.limited else None
        return asked if asked is not None and asked > self._wait_budget.left(now) else None

    def _given_up(self, request: Request, reply: Reply, wait: float) -> Reply:
        """The reply with the end of the wait. Calls of a limited kind are not sent before that."""
        wall = self._clock.wall()
        named = requested_wait(reply.status, reply.headers, wall)
        reply = replace(reply, until=until_text(wall, wait) if named else "")
        if reply.limited:
            self._limits[_call_kind(request)] = _ActiveLimit(self._clock.now() + wait, reply)
        return reply

    def _observed(self, request: Request) -> CallResult:
        """Send it once, log it, and measure the clock skew."""
        began = self._clock.wall()
        outcome = self._exchange(request)
        if self.skew is None and isinstance(outcome, Reply):  # only the first, so that all plans of a run show the same
            self.skew = measured(outcome.headers, began, self._clock.wall())
        return outcome

    def _exchange(self, request: Request) -> CallResult:
        if self._debug is None:
            return self._client.exchange(request)
        body = "" if request.body is None else f" {self._redactor.body(request.body)}"
        self._log(f"> {request.method} {request.path}{body}")
        began = self._clock.now()
        outcome = self._client.exchange(request)
        self._log(
            f"< {self._described(outcome)} in {(self._clock.now() - began) * 1000:.0f} ms"
            f" for {request.method} {request.path}{self._shown(outcome)}"
        )
        return outcome

    def _described(self, outcome: CallResult) -> str:
        return outcome.why if isinstance(outcome, Failure) else str(outcome.status)

    def _shown(self, outcome: CallResult) -> str:
        if isinstance(outcome, Failure):
            return ""
        ids = "".join(f" {name}={outcome.headers[name]}" for name in _ID_HEADERS if name in outcome.headers)
        body = " (a page)" if outcome.page else " (empty)" if outcome.empty else f" {self._redactor.body(outcome.body)}"
        return ids + body

    def _log(self, line: str) -> None:
        if self._debug is not None:
            self._debug(self._redactor.clean(line, 1000))


def _call_kind(request: Request) -> tuple[str, ...]:
    """The kind of a call, which may have its own rate limit: a method on a collection, as in `PUT /users/NAME`."""
    names = request.path.partition("?")[0].split("/")[1:]
    return request.method, names[0], str(len(names))


def _is_limit(outcome: CallResult) -> bool:
    return isinstance(outcome, Reply) and outcome.limited


def _signal(outcome: CallResult) -> Signal:
    match outcome:
        case Reply(limited=True):
            return Signal.REFUSED
        case Reply(status=status) if status not in SERVER_ERROR:
            return Signal.TAKEN
        case _:
            return Signal.NOTHING
