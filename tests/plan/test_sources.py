"""Which files a secret may come from: the folder of the document, as paths are written."""

from dataclasses import replace
from os.path import relpath
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from beamctl.document.problem import Place
from beamctl.model.text import printable
from beamctl.plan.change import WHOLE, Action, Change, Reason, Stage
from beamctl.plan.sources import exact, folders_of, is_within, outside

paths = st.lists(st.sampled_from(["a", "b", "..", ".", ""]), min_size=1, max_size=6).map("/".join).filter(bool)


@given(paths, paths)
def test_within_as_it_is_written_is_within_in_a_current_directory(path: str, folder: str) -> None:
    here = "/x/y/z/u/v/w/1/2/3/4/5/6/7"
    inner, outer = (each if each[0] == "/" else f"{here}/{each}" for each in (path, folder))
    is_inside = not relpath(inner, outer).startswith("..")
    assert is_inside or not is_within(path, folder)
    if (path[0] == "/") == (folder[0] == "/"):
        assert is_inside == is_within(path, folder)


@given(st.text(), st.text())
def test_the_value_of_a_hazard_is_of_one_path(one: str, other: str) -> None:
    assert printable(exact(one)) == exact(one)
    assert (exact(one) == exact(other)) == (one == other)
    assert exact(exact(one)) == exact(one) or exact(one)[0] in "'\""


def change(place: Place | None, reason: Reason = Reason.NOT_THERE, **secrets: Any) -> Change:
    after = {"integration": "x"}
    return Change(
        "integration", "k", "k", Action.CREATE, Stage.CREATE, WHOLE, None, after, reason, place, secrets=secrets
    )


def test_where_the_files_of_a_change_may_be() -> None:
    assert folders_of(change(Place("access/a.yaml", 1, 1), allowed=["/run"])) == ("access", "/run")
    assert folders_of(change(Place("a.yaml", 1, 1))) == (".",)
    assert folders_of(change(Place("-", 1, 1))) == (".",)
    assert folders_of(change(None, Reason.UNDOES)) == (".",)
    assert folders_of(change(None)) == ()


def test_each_file_is_one_hazard() -> None:
    sources = {"a": {"file": "/x"}, "b": {"file": "/x"}, "c": {"file": "in"}, "d": {"env": "E"}, "e": {"file": "../y"}}
    found = outside([replace(change(Place("a.yaml", 1, 1)), secrets={"from": sources})])
    assert [hazard.value for hazard in found] == ["/x", "../y"]
    assert found[0].because == "a of k would be read from /x, outside the folder of a.yaml"
