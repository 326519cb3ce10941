"""Carries a request until there is an outcome worth keeping: waits for its turn, repeats it where that is safe, and
tells the debug log. It must not know what a request means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from beamctl.api.client import Client
from beamctl.api.clock import Clock
from beamctl.api.clock_skew import ClockSkew, measured
from beamctl.api.messages import SERVER_TROUBLE, CallResult, Failure, Reply, Request
from beamctl.api.rate_limit import asked_wait, until_text
from beamctl.api.redaction import Redactor
from beamctl.api.retry import Effort, is_asked, wait_before_repeat
from beamctl.api.throttle import Signal, Throttle
from beamctl.api.wait_budget import WaitBudget
from beamctl.errors import InterruptedRunError

_ID_HEADERS = ("x-request-id", "x-cf-request-id", "x-amz-cf-id", "cf-ray", "x-blaxel-error-code")


@dataclass(frozen=True, slots=True)
class _Stop:
    """A sort of call that is not made for a while.

    Attributes:
        until: When it may be made again, in the seconds of the clock.
        reply: What is answered until then.
    """

    until: float
    reply: Reply


class Transport:
    """Carries requests. Safe to use from several threads.

    Attributes:
        skew: How far the clock of this machine is from the API's; None until a reply tells.
    """

    def __init__(
        self,
        client: Client,
        clock: Clock,
        chance: Callable[[], float],
        mask: Redactor,
        patience: WaitBudget,
        debug: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._chance = chance
        self._mask = mask
        self.skew: ClockSkew | None = None
        self._patience = patience
        self._debug = debug
        self._gate = Throttle(clock)
        self._stopped: dict[tuple[str, ...], _Stop] = {}

    def carry(self, request: Request) -> CallResult:
        """Send a request, and again while that is safe and may help; one that is `final` is sent once.

        Raises:
            InterruptedRunError: beamctl was asked to stop before the request was sent, or while it was reading.
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
                return outcome  # an attempt before may have done it
            if wait is None or request.final:
                return outcome
            self._tell(f"  again in {wait:.1f} s: {request.method} {request.path}")
            if not self._clock.sleep(wait):
                if request.interruptible:
                    raise InterruptedRunError("interrupted while waiting to try again")
                return outcome

    def _attempt(
        self, request: Request, attempts: int, began: float, earlier: CallResult | None
    ) -> tuple[CallResult, float | None]:
        with self._gate.slot() as slot:
            stopped = self._stopped.get(_sort_of(request))
            if stopped is not None and self._clock.now() < stopped.until:
                self._tell(f"  not sent, as the API limits requests: {request.method} {request.path}")
                in_doubt = earlier is not None and not _is_limit(earlier)  # an attempt before may have done it
                return (earlier if earlier is not None and in_doubt else stopped.reply), None
            outcome = self._observed(request)
            effort = Effort(attempts, self._clock.now() - began)
            wait = wait_before_repeat(
                outcome, effort, once=request.once, chance=self._chance(), wall=self._clock.wall()
            )
            slot.verdict = _verdict(outcome)
            if slot.verdict is Signal.TAKEN:
                self._patience.progress(self._clock.now())
            if isinstance(outcome, Reply) and (refused := self._refused_wait(request, outcome, wait)) is not None:
                outcome, wait = self._given_up(request, outcome, refused), None
                slot.verdict = Signal.NOTHING  # only this sort of call has to stop
            slot.wait = wait or 0.0
        return outcome, wait

    def _refused_wait(self, request: Request, reply: Reply, wait: float | None) -> float | None:
        """The seconds that the API asks to wait, if the run may not wait for so long."""
        now, wall = self._clock.now(), self._clock.wall()
        if wait is not None and not request.final:
            if not is_asked(reply, wall) or self._patience.grant(wait, now, limited=reply.limited):
                return None
            return wait
        asked = asked_wait(reply.status, reply.headers, wall) if reply.limited else None
        return asked if asked is not None and asked > self._patience.left(now) else None

    def _given_up(self, request: Request, reply: Reply, wait: float) -> Reply:
        """The reply with the time until which nothing is asked. What it limits is not sent before that."""
        wall = self._clock.wall()
        named = asked_wait(reply.status, reply.headers, wall)
        reply = replace(reply, until=until_text(wall, wait) if named else "")
        if reply.limited:
            self._stopped[_sort_of(request)] = _Stop(self._clock.now() + wait, reply)
        return reply

    def _observed(self, request: Request) -> CallResult:
        """Send it once, and tell the debug log."""
        began = self._clock.wall()
        outcome = self._sent(request)
        if self.skew is None and isinstance(outcome, Reply):  # the first one counts: plans made later show the same
            self.skew = measured(outcome.headers, began, self._clock.wall())
        return outcome

    def _sent(self, request: Request) -> CallResult:
        if self._debug is None:
            return self._client.exchange(request)
        body = "" if request.body is None else f" {self._mask.body(request.body)}"
        self._tell(f"> {request.method} {request.path}{body}")
        began = self._clock.now()
        outcome = self._client.exchange(request)
        self._tell(
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
        body = " (a page)" if outcome.page else " (empty)" if outcome.empty else f" {self._mask.body(outcome.body)}"
        return ids + body

    def _tell(self, line: str) -> None:
        if self._debug is not None:
            self._debug(self._mask.clean(line, 1000))


def _sort_of(request: Request) -> tuple[str, ...]:
    """What an API may limit by itself: a method on a collection, as in `PUT /users/NAME` or `POST /users`."""
    names = request.path.partition("?")[0].split("/")[1:]
    return request.method, names[0], str(len(names))


def _is_limit(outcome: CallResult) -> bool:
    return isinstance(outcome, Reply) and outcome.limited


def _verdict(outcome: CallResult) -> Signal:
    match outcome:
        case Reply(limited=True):
            return Signal.REFUSED
        case Reply(status=status) if status not in SERVER_TROUBLE:
            return Signal.TAKEN
        case _:
            return Signal.NOTHING
