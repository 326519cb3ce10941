"""Validating one change of each shape must give the same result as validating every change."""

import json
from typing import Any

import pytest

from beamctl.document.schema import conforms
from beamctl.plan.plan_file import saved_text
from beamctl.plan.plan_schema import is_planned, without_valid
from tests.fakes.forgery import edited, edits
from tests.fakes.schemas import problems_with
from tests.properties.test_forged_plans import sample

SAMPLES = ["roles", "settings", "accounts made", "integrations"]


@pytest.mark.parametrize("name", SAMPLES)
def test_a_shape_stands_for_all_changes_that_have_it(name: str) -> None:
    data = json.loads(saved_text(sample(name)))
    verdicts: dict[str, bool] = {}
    for told, edit in list(edits(data))[::9]:  # a share of them: the same rules apply to all
        for change in listed(edited(data, edit)):
            text = json.dumps(change)
            if text not in verdicts:
                verdicts[text] = conforms(change, "plannedChange")
            assert is_planned(change) is verdicts[text], told
    assert {*verdicts.values()} == {True, False}


def listed(data: Any) -> list[Any]:
    found = data.get("resource_changes")
    return found if isinstance(found, list) else []


@pytest.mark.parametrize("name", SAMPLES)
def test_valid_changes_are_left_out(name: str) -> None:
    data = json.loads(saved_text(sample(name)))
    assert problems_with("plan", data) == []
    assert without_valid(data)["resource_changes"] == []
