"""The operations of the control endpoint on faults, clock and request log, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beamctl.emulator.body import json_object
from beamctl.emulator.clock import MovableClock, read_moment, stamp, utc_now
from beamctl.emulator.duration import read_duration
from beamctl.emulator.errors import EmulatorError, FaultError, bad_request
from beamctl.emulator.fault.read import read_rule
from beamctl.emulator.fault.script import FaultScript
from beamctl.emulator.request_log import RequestLog

_MOST_FAULTS = 1000


@dataclass(frozen=True, slots=True)
class ControlActions:
    """Reads and changes the state of a running emulator. Methods take a request body and return a response body.

    Attributes:
        script: The faults.
        log: The request log.
        clock: The clock of the control plane.
    """

    script: FaultScript
    log: RequestLog
    clock: MovableClock

    def faults(self, _body: bytes) -> object:
        """The faults and their counters."""
        return {
            "faults": [
                {**each.rule.fields, "text": each.rule.text, "counted": each.counted, "hits": each.hits}
                for each in self.script.standings()
            ]
        }

    def set_faults(self, body: bytes) -> object:
        """Replace the faults. Requests are counted from 1 again.

        Raises:
            Refusal: 400: the body is invalid.
        """
        content = json_object(body)
        faults = content.get("faults")
        if set(content) != {"faults"} or not isinstance(faults, list) or len(faults) > _MOST_FAULTS:
            raise bad_request(f'the body must look like {{"faults": ["503@3"]}}, with {_MOST_FAULTS} faults at most')
        try:
            self.script.set([read_rule(each) for each in faults])
        except FaultError as error:
            raise bad_request(f"{error}. {error.hint}") from None
        return self.faults(b"")

    def end_faults(self, _body: bytes) -> object:
        """Remove all faults."""
        self.script.set([])
        return self.faults(b"")

    def time(self, _body: bytes) -> object:
        """The time on the clock and the real time."""
        return {"now": stamp(self.clock()), "real": stamp(utc_now())}

    def set_time(self, body: bytes) -> object:
        """Set the clock or move it forward.

        Raises:
            Refusal: 400: the body is invalid.
        """
        content = json_object(body)
        try:
            match content:
                case {"now": str(text)} if len(content) == 1 and (moment := read_moment(text)):
                    self.clock.set(moment)
                case {"forward": str(text)} if len(content) == 1 and (by := read_duration(text)):
                    self.clock.forward(by)
                case _:
                    raise bad_request('the body must be {"now": "2027-01-31T00:00:00Z"} or {"forward": "7d"}')
        except EmulatorError as error:
            raise bad_request(str(error)) from None
        return self.time(b"")

    def requests(self, _body: bytes) -> object:
        """The request log."""
        return {"requests": [entry.fields for entry in self.log.entries()]}

    def forget_requests(self, _body: bytes) -> object:
        """Clear the request log."""
        self.log.clear()
        return self.requests(b"")


Handler = Callable[[ControlActions, bytes], object]
HANDLERS: Mapping[str, Mapping[str, Handler]] = {
    "/faults": {"GET": ControlActions.faults, "PUT": ControlActions.set_faults, "DELETE": ControlActions.end_faults},
    "/clock": {"GET": ControlActions.time, "PUT": ControlActions.set_time},
    "/requests": {"GET": ControlActions.requests, "DELETE": ControlActions.forget_requests},
}
"""The handlers by path and method."""
