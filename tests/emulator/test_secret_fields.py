"""The secret of a connection appears in no text that beamctl makes: plans, records, errors, reports or debug logs,
whatever the API returns and however a request fails."""

from pathlib import Path

import pytest

from beamctl.api.config import LOCAL
from beamctl.api.workspace import Options, open_workspace
from beamctl.apply.record import Run, event_line, first_line, last_line
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.control_plane import as_operator
from beamctl.plan.comparison import Situation
from beamctl.plan.plan_file import saved_text
from beamctl.report.apply_text import event_text
from beamctl.report.plan_text import plan_text
from beamctl.report.workspace_json import show_json
from beamctl.report.workspace_text import show_text
from beamctl.secrets.redaction import Redactor
from tests.api.fakes import FakeClock
from tests.emulator.world import World
from tests.fakes.faulty_emulator import EVERY_FAULT, FaultyEmulator
from tests.fakes.one_workspace import applied_json, plan, plan_json, show
from tests.fakes.runs import TODAY, apply_through, document
from tests.fakes.saved_plans import saved
from tests.fakes.vault import FakeVault

CANARY = "sk-canary-0123456789abcdef"
AT = "2026-11-24T12:00:00.000Z"
MADE = document(integrations={"c": {"integration": "openai", "secret": {"apiKey": {"env": "KEY"}}}})
RAISED = document(integrations={"c": {"integration": "x", "secret": {"apiKey": {"env": "KEY"}, "version": 2}}})


@pytest.mark.parametrize("flag", [BehaviorFlag.ECHOED_SECRETS, BehaviorFlag.MASKED_SECRETS])
def test_the_secret_is_in_no_text(flag: BehaviorFlag, tmp_path: Path) -> None:
    world = World(tmp_path / "w.db", flags=frozenset({flag}))
    faulty = FaultyEmulator(world.app)
    texts: list[str] = []
    carrying = Options(
        clock=FakeClock(),
        chance=lambda: 1.0,
        debug=texts.append,
        transports=lambda: faulty.transport(as_operator(world.app)),
        redactor=Redactor(),
    )
    with open_workspace(LOCAL, "acme", carrying) as api:
        for want in (MADE, RAISED, document(integrations={}, guards={"maxRemovals": 1})):
            for fault in (*EVERY_FAULT, ""):
                found = plan(want, api.reader(), Situation(TODAY, "local"))
                faulty.plan(*([f"{fault}@1-2"] if fault else []))
                events = apply_through(
                    found, api.reader(), api.sender(), vault=FakeVault({"the environment variable KEY": CANARY})
                )
                faulty.plan()
                texts += [plan_text(found), plan_json(found), saved_text(saved(found))]
                texts += [first_line(Run("r", AT, "a", "", ""), found), last_line(found, events, AT, interrupted=False)]
                texts += [text for event in events for text in (event_text(event), event_line(found, event, AT))]
                texts.append(applied_json(found, events))
            sections = show("acme", api.reader())
            texts += [show_text("acme", "local", sections), show_json("acme", "local", sections)]
            assert plan(want, api.reader(), Situation(TODAY, "local")).changes == ()
    assert any("POST /integrations/connections" in text for text in texts)
    assert not [text for text in texts if CANARY in text or CANARY[:12] in text]
