"""A vault in memory: what it was given, by place; and it can fail, or be where the process ends."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from beamctl.model.api_call import NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret, described


@dataclass
class FakeVault:
    """Implements `Vault`.

    Attributes:
        holds: What each place holds now, in words.
        given: Every place that was given something, in order.
        before: Run before each hand-over, with its number from 1; what it returns is why that fails.
        after: Run after each.
        shows: Whether a secret without a place is shown on a terminal.
    """

    holds: dict[str, str] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    before: Callable[[int], str] = lambda _: ""
    after: Callable[[int], object] = lambda _: None
    shows: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, secret: StoreSecret) -> Response | NoResponse:
        with self.lock:
            if secret.sink is None and not self.shows:
                return NoResponse("there is no place for it")
            place = described(secret.sink) if secret.sink else "the terminal"
            self.given.append(place)
            number = len(self.given)
            if why := self.before(number):
                return NoResponse(why)
            self.holds[place] = secret.text
            self.after(number)
            return Response(200, place)

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        with self.lock:
            place = described(secret.source)
            return Response(200, self.holds[place]) if place in self.holds else NoResponse(f"{place} is not set")
