"""What is put around a control plane to watch it and to trouble it: faults, the log, a clock that can be moved, the
control endpoint. It only puts them together; nothing here knows what one of them does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from beamctl.emulator.clock import MovableClock
from beamctl.emulator.errors import EmulatorError
from beamctl.emulator.fault.script import FaultScript
from beamctl.emulator.request_log import RequestLog

if TYPE_CHECKING:
    from flask import Flask


@dataclass(frozen=True, slots=True)
class Instruments:
    """All of them; each can be used while requests are under way.

    Attributes:
        script: The faults that are to come.
        log: The log of requests.
        clock: The clock that `create_app` was given too, so that the control endpoint can move it.
        control: Whether there is a control endpoint.
        sleep: Lets that many seconds pass, for latencies and what trickles in.
    """

    script: FaultScript = field(default_factory=FaultScript)
    log: RequestLog = field(default_factory=RequestLog)
    clock: MovableClock = field(default_factory=MovableClock)
    control: bool = False
    sleep: Callable[[float], None] = time.sleep


def instrument(app: Flask, instruments: Instruments) -> None:
    """Puts them around an application, once; it stays the same object, for `serve`, `as_operator` and all others.

    Raises:
        EmulatorError: There is to be a control endpoint, and the application goes by another clock than it would move.
    """
    from beamctl.emulator.app import BASE_PATH, plane_of
    from beamctl.emulator.control import Control
    from beamctl.emulator.control_actions import Switchboard
    from beamctl.emulator.middleware import Watch

    now = plane_of(app).now
    if instruments.control and now is not instruments.clock:
        raise EmulatorError("a control endpoint needs create_app(..., now=clock) with the clock of the instruments")
    watch = Watch(app.wsgi_app, BASE_PATH, instruments.script, instruments.log, now, instruments.sleep)
    switchboard = Switchboard(instruments.script, instruments.log, instruments.clock)
    layers = Control(watch, switchboard) if instruments.control else watch
    app.wsgi_app = layers  # type: ignore[method-assign] # Flask's own way to put something around an application
