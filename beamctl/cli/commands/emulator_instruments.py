"""Options of `emulator serve` for testing clients: faults, clock, request log and control endpoint."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from beamctl.errors import UsageError

if TYPE_CHECKING:
    from beamctl.emulator import Instruments, MovableClock, Rule


@dataclass(frozen=True, slots=True)
class InstrumentOptions:
    """The values of the options, as typed."""

    faults: tuple[str, ...]
    clock: str | None
    log: str | None
    control: bool


def instrument_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options to a command, which receives them as one argument, `given`."""

    @click.option(
        "--fault",
        "faults",
        multiple=True,
        metavar="FAULT[@REQUESTS]",
        help="A fault to inject, such as 503@3, 429:2@1-5, latency:300ms or reset-after@POST:/users#1. Repeatable.",
    )
    @click.option("--clock", metavar="TIME", help="The time on its clock at the start: +8d, or 2027-01-31T00:00:00Z.")
    @click.option("--log", metavar="FILE", help="Log each request as a line of JSON; - is standard error.")
    @click.option("--control", is_flag=True, help="Let programs change faults and the clock under /control.")
    @functools.wraps(function)
    def gathered(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        faults: tuple[str, ...],
        clock: str | None,
        log: str | None,
        control: bool,
        **options: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        return function(*args, given=InstrumentOptions(faults, clock, log, control), **options)

    return gathered


@contextmanager
def instruments_for(given: InstrumentOptions) -> Iterator[Instruments]:
    """The instruments that the options ask for. The log is open while the block runs.

    Raises:
        UsageError: An option is invalid, or the log cannot be written.
    """
    from beamctl.emulator import EmulatorError, FaultScript, Instruments, LogFile, RequestLog

    script, clock = FaultScript(_rules(given.faults)), _clock(given.clock)
    if given.log is None:
        yield Instruments(script, RequestLog(), clock, given.control)
        return
    try:
        file = LogFile(None if given.log == "-" else Path(given.log))
    except EmulatorError as error:
        raise UsageError(f"--log: {error}", "Name another file, or - for standard error.") from None
    try:
        yield Instruments(script, RequestLog(file.write), clock, given.control)
    finally:
        file.close()


def notes(given: InstrumentOptions, instruments: Instruments, url: str) -> list[str]:
    """Lines about the active instruments, shown when the server starts."""
    lines = []
    if given.clock is not None:
        lines.append(f"Its clock shows {instruments.clock():%Y-%m-%d %H:%M} UTC.")
    lines.extend(f"Fault: {standing.rule.text}" for standing in instruments.script.standings())
    if given.control:
        control = url.removesuffix("/v0") + "/control"
        lines.append(f"Anyone who can reach {control} can change its faults and clock, and read its request log.")
    return lines


def _rules(texts: tuple[str, ...]) -> list[Rule]:
    from beamctl.emulator import FaultError, read_rule

    try:
        return [read_rule(text) for text in texts]
    except FaultError as error:
        raise UsageError(f"--fault: {error}", error.hint) from None


def _clock(text: str | None) -> MovableClock:
    from beamctl.emulator import EmulatorError, MovableClock, read_duration, read_moment

    clock = MovableClock()
    ahead = timedelta() if text is None else read_duration(text.removeprefix("+")) if text.startswith("+") else None
    moment = None if text is None or ahead is not None else read_moment(text)
    if ahead is None and moment is None:
        raise UsageError(f"--clock: {text!r} is not a time", "Write it like +8d or 2027-01-31T00:00:00Z.")
    try:
        if ahead is not None:
            clock.forward(ahead)
        elif moment is not None:
            clock.set(moment)
    except EmulatorError as error:
        raise UsageError(f"--clock: {error}", "Write it like +8d or 2027-01-31T00:00:00Z.") from None
    return clock
