"""Facts as text, and facts for tests in which their text does not matter."""

from typing import Any

from beamctl.model.api_call import NoResponse
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from beamctl.report.wording import TALLY, words

__all__ = ["Expect", "codes", "counts", "failure", "garbled", "lost", "words"]


def counts(plan: Plan) -> dict[str, int]:
    """How many objects a plan leaves as they are, by reason."""
    return {TALLY[why]: count for why, count in plan.tally.items()}


def codes(each: Fact | None) -> frozenset[Code]:
    """The codes of a fact and of the facts in its fields."""
    if each is None:
        return frozenset()
    inner = [value for field in each.fields.values() for value in (field if isinstance(field, tuple) else (field,))]
    return frozenset({each.code}).union(*(codes(value) for value in inner if isinstance(value, Fact)))


def lost(text: str) -> NoResponse:
    """The network fails."""
    return NoResponse(fact(Code.UNREACHABLE, detail=text))


def garbled(text: str) -> NoResponse:
    """The response is not from the API."""
    return NoResponse(fact(Code.UNEXPECTED_RESPONSE, detail=text))


def failure(text: str) -> Fact:
    return fact(Code.ERROR, detail=text)


class Expect:
    """An expected outcome, with its facts as text."""

    def __init__(self, status: Status, remark: str = "", hint: str | Fact = "", **more: Any) -> None:
        self.status, self.remark, self.more = status, remark, more
        self.hint = words(hint) if isinstance(hint, Fact) else hint

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Outcome):
            return False
        plain = Outcome(self.status, other.remark, other.hint, **self.more)
        return (plain, self.remark, self.hint) == (other, words(other.remark), words(other.hint))

    def __hash__(self) -> int:
        return hash(self.status)

    def __repr__(self) -> str:
        return f"Expect({self.status}, {self.remark!r}, {self.hint!r}, {self.more})"
