"""Test instruments around a control plane: faults, the request log, a movable clock and the control endpoint."""

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
    """The instruments; each can be used while requests are in progress.

    Attributes:
        script: The faults.
        log: The request log.
        clock: The clock; the same as given to `create_app`, so the control endpoint can move it.
        control: Whether there is a control endpoint.
        sleep: Waits for a number of seconds, for latencies and slow bodies.
    """

    script: FaultScript = field(default_factory=FaultScript)
    log: RequestLog = field(default_factory=RequestLog)
    clock: MovableClock = field(default_factory=MovableClock)
    control: bool = False
    sleep: Callable[[float], None] = time.sleep


def instrument(app: Flask, instruments: Instruments) -> None:
    """Wrap an application, once. It stays the same object, so `serve`, `as_operator` and others use the wrapped one.

    Raises:
        EmulatorError: The control endpoint is on, but the application uses another clock.
    """
    from beamctl.emulator.app import BASE_PATH, plane_of
    from beamctl.emulator.control import Control
    from beamctl.emulator.control_actions import ControlActions
    from beamctl.emulator.middleware import RequestMiddleware

    now = plane_of(app).now
    if instruments.control and now is not instruments.clock:
        raise EmulatorError(
            "the control endpoint requires create_app(..., now=clock) with the clock of the instruments"
        )
    watch = RequestMiddleware(app.wsgi_app, BASE_PATH, instruments.script, instruments.log, now, instruments.sleep)
    actions = ControlActions(instruments.script, instruments.log, instruments.clock)
    layers = Control(watch, actions) if instruments.control else watch
    app.wsgi_app = layers  # type: ignore[method-assign] # Flask's own way to put something around an application
