"""Carries a request until there is an outcome worth keeping: waits for its turn, repeats it where that is safe, and
tells the debug log. It must not know what a request means."""

from __future__ import annotations

from collections.abc import Callable

from beamctl.api.client import Client
from beamctl.api.clock import Clock
from beamctl.api.exchange import SERVER_TROUBLE, THROTTLED, Failure, Outcome, Reply, Request
from beamctl.api.mask import Mask
from beamctl.api.pace import Gate, Verdict
from beamctl.api.retry import Effort, wait_before_repeat
from beamctl.errors import InterruptedRunError

_ID_HEADERS = ("x-request-id", "x-cf-request-id", "x-amz-cf-id", "cf-ray", "x-blaxel-error-code")


class Courier:
    """Carries requests. Safe to use from several threads."""

    def __init__(
        self,
        client: Client,
        clock: Clock,
        chance: Callable[[], float],
        mask: Mask,
        debug: Callable[[str], None] | None = None,
    ) -> None:
        self._client = client
        self._clock = clock
        self._chance = chance
        self._mask = mask
        self._debug = debug
        self._gate = Gate(clock)

    def carry(self, request: Request) -> Outcome:
        """Send a request, and again while that is safe and may help; one that is `final` is sent once.

        Raises:
            InterruptedRunError: beamctl was asked to stop before the request was sent, or while it was reading.
        """
        began = self._clock.now()
        attempts = 0
        outcome: Outcome | None = None
        while True:
            attempts += 1
            try:
                outcome, wait = self._attempt(request, attempts, began)
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

    def _attempt(self, request: Request, attempts: int, began: float) -> tuple[Outcome, float | None]:
        with self._gate.slot() as slot:
            outcome = self._observed(request)
            effort = Effort(attempts, self._clock.now() - began)
            wait = wait_before_repeat(
                outcome, effort, once=request.once, chance=self._chance(), wall=self._clock.wall()
            )
            slot.verdict = _verdict(outcome)
            slot.wait = wait or 0.0
        return outcome, wait

    def _observed(self, request: Request) -> Outcome:
        """Send it once, and tell the debug log."""
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

    def _described(self, outcome: Outcome) -> str:
        return outcome.why if isinstance(outcome, Failure) else str(outcome.status)

    def _shown(self, outcome: Outcome) -> str:
        if isinstance(outcome, Failure):
            return ""
        ids = "".join(f" {name}={outcome.headers[name]}" for name in _ID_HEADERS if name in outcome.headers)
        body = " (a page)" if outcome.page else " (empty)" if outcome.empty else f" {self._mask.body(outcome.body)}"
        return ids + body

    def _tell(self, line: str) -> None:
        if self._debug is not None:
            self._debug(self._mask.clean(line, 1000))


def _verdict(outcome: Outcome) -> Verdict:
    match outcome:
        case Reply(status=status) if status == THROTTLED:
            return Verdict.REFUSED
        case Reply(status=status) if status not in SERVER_TROUBLE:
            return Verdict.TAKEN
        case _:
            return Verdict.NOTHING
