"""Only a document that allows it lets a workspace be deleted."""

import json

import pytest

from beamctl.document.load import SourceText
from beamctl.errors import RefusedError
from beamctl.workflow.destroy import document_that_allows
from beamctl.workflow.documents import validate
from tests.fakes.runs import desired

HEAD = "version: 1\nworkspace: acme\n"


def test_document_that_allows_it() -> None:
    other, acme = desired(HEAD.replace("acme", "labs")), desired(HEAD + "guards: {preventDestroy: false}\n")
    assert document_that_allows([other, acme], "acme") is acme


@pytest.mark.parametrize(
    ("more", "line", "how"),
    [
        ("guards: {preventDestroy: true}\n", 3, "is true"),
        ("guards: {minAdmins: 1}\n", 3, "defaults to true"),
        ("guards: {}\n", 3, "defaults to true"),
        ("", 1, "defaults to true"),
        ("members: {}\n", 1, "defaults to true"),
    ],
)
def test_prevent_destroy_is_the_default(more: str, line: int, how: str) -> None:
    with pytest.raises(RefusedError) as caught:
        document_that_allows([desired(HEAD + more)], "acme")
    assert caught.value.message == f"guards.preventDestroy {how} (access.yaml:{line}), so acme was not deleted"
    assert "set guards: {preventDestroy: false} in access.yaml" in caught.value.hint


@pytest.mark.parametrize("name", ["acme", "123", "1e5", "0x1f", "null", "true"])
def test_hint_contains_a_valid_document(name: str) -> None:
    with pytest.raises(RefusedError) as caught:
        document_that_allows([desired(HEAD.replace("acme", "labs") + "guards: {preventDestroy: false}\n")], name)
    assert caught.value.message.startswith(f"no document declares {name}, ")
    _, _, text = caught.value.hint.partition("\n")
    checked = validate([SourceText("new.yaml", text.encode())])
    assert checked.problems == ()
    assert document_that_allows(checked.desired, name).workspace == name


def test_hostile_name_is_quoted_in_the_hint() -> None:
    with pytest.raises(RefusedError) as caught:
        document_that_allows([], 'x"\n  evil: true')
    assert json.dumps('x"\n  evil: true') in caught.value.hint
