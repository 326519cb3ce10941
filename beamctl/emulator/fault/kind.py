"""The kinds of faults, their meanings and arguments."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Self


class Argument(Enum):
    """What may follow the colon of a fault.

    Attributes:
        shown: The placeholder in the documentation.
        example: The example in errors; empty if no value is allowed.
    """

    NOTHING = ("", "")
    DURATION = (":DURATION", "300ms")
    WAIT = ("[:SECONDS]", "2")
    STATUS = ("[:STATUS]", "504")
    COUNT = ("[:COUNT]", "1")

    def __init__(self, shown: str, example: str) -> None:
        self.shown = shown
        self.example = example


class FaultKind(StrEnum):
    """A kind of fault.

    Attributes:
        argument: Its argument.
        meaning: What the client sees, in one line.
    """

    argument: Argument
    meaning: str

    def __new__(cls, value: str, argument: Argument, meaning: str) -> Self:
        """Create a kind from its name, argument and meaning."""
        kind = str.__new__(cls, value)
        kind._value_ = value
        kind.argument = argument
        kind.meaning = meaning
        return kind

    @property
    def example(self) -> str:
        """An example of a fault of this kind."""
        return f"{self.value}:{self.argument.example}" if self.argument.example else self.value

    LATENCY = ("latency", Argument.DURATION, "the response is delayed by that time")
    THROTTLED = ("429", Argument.WAIT, "429, with `Retry-After` if seconds are given; the request is not executed")
    INTERNAL_ERROR = ("500", Argument.NOTHING, "500; the request is not executed")
    BAD_GATEWAY = ("502", Argument.NOTHING, "502; the request is not executed")
    UNAVAILABLE = ("503", Argument.NOTHING, "503; the request is not executed")
    INTERNAL_ERROR_AFTER = ("500-after", Argument.NOTHING, "500, but the request is executed")
    BAD_GATEWAY_AFTER = ("502-after", Argument.NOTHING, "502, but the request is executed")
    UNAVAILABLE_AFTER = ("503-after", Argument.NOTHING, "503, but the request is executed")
    RESET = ("reset", Argument.NOTHING, "the connection is reset; the request is not executed")
    RESET_AFTER = ("reset-after", Argument.NOTHING, "the connection is reset, but the request is executed")
    CUT_OFF = ("cut-off", Argument.NOTHING, "executed; the connection ends after half of the response body")
    GARBAGE = ("garbage", Argument.NOTHING, "executed; the response body is not JSON")
    WRONG_TYPE = ("wrong-type", Argument.NOTHING, "executed; the response body is JSON, but only a string")
    HTML = (
        "html",
        Argument.STATUS,
        "an HTML page as from a proxy, with 502 or the given status; the request is not executed",
    )
    HTML_AFTER = ("html-after", Argument.STATUS, "the same page, but the request is executed")
    DRIP = ("drip", Argument.DURATION, "executed; the response body arrives slowly, over that time")
    DUPLICATE = ("duplicate", Argument.NOTHING, "the request is executed twice; the second response is sent")
    EMPTY_LIST = ("empty-list", Argument.NOTHING, "listings are empty; other responses are unchanged")
    SHORT_LIST = ("short-list", Argument.COUNT, "listings end after the first half, or after that many items")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        kind: Its kind.
        value: Its argument: seconds, a status or a number of items; None for the default.
    """

    kind: FaultKind
    value: float | None = None
