"""The registry: a kind that is not imported for a document has nothing to say about it."""

from pathlib import Path

import pytest

from beamctl.document.desired import desired_of
from beamctl.document.load import SourceText, load
from beamctl.kinds.registry import all_kinds, kinds_for

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    *sorted(path for path in (ROOT / "examples").rglob("*.yaml") if "workspace: " in path.read_text()),
    *sorted((ROOT / "tests" / "cases").glob("*/access.yaml")),
]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_kinds_that_a_document_does_not_need(path: Path) -> None:
    for document in load([SourceText("a.yaml", path.read_bytes())]).documents:
        needed = kinds_for(document.data)
        others = [kind for kind in all_kinds() if kind not in needed]
        assert [kind for kind in all_kinds() if kind in needed] == list(needed)
        for kind in others:
            assert not list(kind.problems(document))
            assert not kind.is_declared(desired_of(document))


def test_every_kind_is_used_for_its_section() -> None:
    for kind in all_kinds():
        section = "serviceAccounts" if kind.name == "api_key" else kind.section
        assert kind in kinds_for({section})
