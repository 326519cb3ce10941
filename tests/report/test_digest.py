"""The digest of a drift changes with the differences, and with nothing else. That of a plan covers what is reviewed."""

import pytest

from beamctl.report.data import CommandName, ReportData
from beamctl.report.digest import report_digest
from tests.fakes.runs import desired, planned
from tests.fakes.workspace import FakeWorkspace, person

TEXT = "version: 1\nworkspace: acme\nmembers:\n  ada@x.io: admin\n  bob@x.io: member\n"


def digest(text: str = TEXT, eve: str = "member", *others: str, command: CommandName = CommandName.DRIFT) -> str:
    people = [person("ada@x.io", "admin"), person("eve@x.io", eve), *map(person, others)]
    return report_digest(ReportData(command, [planned(desired(text), FakeWorkspace.of(people))]))


@pytest.mark.parametrize("command", [CommandName.DRIFT, CommandName.PLAN])
def test_other_differences_have_another_digest(command: CommandName) -> None:
    found = {
        digest(command=command),
        digest(TEXT, "admin", command=command),
        digest(TEXT, "member", "kim@x.io", command=command),
        digest(TEXT.replace("bob", "bo"), command=command),
    }
    assert len(found) == 4


def test_lines_and_people_without_differences_do_not_matter_to_a_drift() -> None:
    more = TEXT + "  kim@x.io: member\n"
    assert digest(more, "member", "kim@x.io") == digest()
    assert digest(TEXT.replace("members", "# a comment\nmembers")) == digest()


def test_a_plan_that_is_reviewed_covers_the_whole_workspace() -> None:
    more = TEXT + "  kim@x.io: member\n"
    plan = CommandName.PLAN
    assert digest(more, "member", "kim@x.io", command=plan) != digest(command=plan)


def test_no_drift_has_one_digest() -> None:
    clean = TEXT.replace("bob@x.io: member", "eve@x.io: member")
    more = clean + "  kim@x.io: member\n"
    assert digest(clean) == digest(more, "member", "kim@x.io") != digest()
