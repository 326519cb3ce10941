"""What is put around a control plane to watch it and to trouble it: faults, the log, a clock that can be moved, the
control endpoint. It only puts them together; nothing here knows what one of them does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from beamctl.emulator.clock import MovableClock
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
    """Puts them around an application, once; it stays the same object, for `serve`, `as_operator` and all others."""
    from beamctl.emulator.app import BASE_PATH, plane_of
    from beamctl.emulator.control import Control
    from beamctl.emulator.switchboard import Switchboard
    from beamctl.emulator.watch import Watch

    watch = Watch(app.wsgi_app, BASE_PATH, instruments.script, instruments.log, plane_of(app).now, instruments.sleep)
    switchboard = Switchboard(instruments.script, instruments.log, instruments.clock)
    layers = Control(watch, switchboard) if instruments.control else watch
    app.wsgi_app = layers  # type: ignore[method-assign] # Flask's own way to put something around an application
