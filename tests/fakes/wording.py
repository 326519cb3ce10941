"""Facts in the words that people read, and facts for tests that do not care what they say."""

from typing import Any

from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact
from beamctl.plan.kind import Outcome, Status
from beamctl.plan.plan import Plan
from beamctl.report.wording import TALLY, words

__all__ = ["Expect", "codes", "counts", "failure", "words"]


def counts(plan: Plan) -> dict[str, int]:
    """The objects that a plan leaves as they are."""
    return {TALLY[why]: count for why, count in plan.tally.items()}


def codes(each: Fact | None) -> frozenset[Code]:
    """The code of a fact, and those of the facts in its fields."""
    if each is None:
        return frozenset()
    inner = [value for field in each.fields.values() for value in (field if isinstance(field, tuple) else (field,))]
    return frozenset({each.code}).union(*(codes(value) for value in inner if isinstance(value, Fact)))


def failure(text: str) -> Fact:
    return fact(Code.ERROR, detail=text)


class Expect:
    """What an outcome should be, in words."""

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
