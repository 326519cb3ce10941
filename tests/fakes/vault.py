"""A vault in memory, which can fail."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from beamctl.model.api_call import NoResponse, Response
from beamctl.model.secret import ReadSecret, StoreSecret, described
from tests.fakes.wording import lost


@dataclass
class FakeVault:
    """Implements `Vault`.

    Attributes:
        holds: What each destination holds.
        given: Every destination that a secret was sent to, in order.
        before: Called before each secret is stored, with its number from 1; a result that is not empty is why storing
            it fails.
        after: Called after each.
        shows: Whether a secret without a destination is shown on a terminal.
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
                return lost("there is no place for it")
            place = described(secret.sink) if secret.sink else "the terminal"
            self.given.append(place)
            number = len(self.given)
            if why := self.before(number):
                return lost(why)
            self.holds[place] = secret.text
            self.after(number)
            return Response(200, place)

    def fetch(self, secret: ReadSecret) -> Response | NoResponse:
        with self.lock:
            place = described(secret.source)
            return Response(200, self.holds[place]) if place in self.holds else lost(f"{place} is not set")
