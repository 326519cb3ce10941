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

    LATENCY = ("latency", Argument.DURATION, "the answer comes that much later")
    THROTTLED = ("429", Argument.WAIT, "429, with `Retry-After` where seconds are given; nothing was done")
    INTERNAL_ERROR = ("500", Argument.NOTHING, "500; nothing was done")
    BAD_GATEWAY = ("502", Argument.NOTHING, "502; nothing was done")
    UNAVAILABLE = ("503", Argument.NOTHING, "503; nothing was done")
    INTERNAL_ERROR_AFTER = ("500-after", Argument.NOTHING, "500, though it was done")
    BAD_GATEWAY_AFTER = ("502-after", Argument.NOTHING, "502, though it was done")
    UNAVAILABLE_AFTER = ("503-after", Argument.NOTHING, "503, though it was done")
    RESET = ("reset", Argument.NOTHING, "the connection is reset; nothing was done")
    RESET_AFTER = ("reset-after", Argument.NOTHING, "the connection is reset, though it was done")
    CUT_OFF = ("cut-off", Argument.NOTHING, "it was done; half of the answer's body comes, then the connection ends")
    GARBAGE = ("garbage", Argument.NOTHING, "it was done; the answer's body is no JSON")
    WRONG_TYPE = ("wrong-type", Argument.NOTHING, "it was done; the answer's body is JSON, but only a text")
    HTML = ("html", Argument.STATUS, "a proxy's page in HTML, with 502 or the status given; nothing was done")
    HTML_AFTER = ("html-after", Argument.STATUS, "the same page, though it was done")
    DRIP = ("drip", Argument.DURATION, "it was done; the answer's body trickles in for that long")
    DUPLICATE = ("duplicate", Argument.NOTHING, "the request arrives twice; the second answer is sent")
    EMPTY_LIST = ("empty-list", Argument.NOTHING, "a listing has nothing in it; other answers are as ever")
    SHORT_LIST = ("short-list", Argument.COUNT, "a listing ends after its first half, or after so many items")


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault.

    Attributes:
        kind: Its kind.
        value: Its argument: seconds, a status or a number of items; None for the default.
    """

    kind: FaultKind
    value: float | None = None
