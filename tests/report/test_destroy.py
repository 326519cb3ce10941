"""Reports of what a deletion would remove: readable at any size, and safe with hostile names."""

import json

from beamctl.plan.contents import Deletion, DeletionStatus, Item, Part, Unknown, WorkspaceContents
from beamctl.report.json_report import destroyed_json
from beamctl.report.workspace_text import contents_text, deletion_text
from tests.fakes.wording import failure

HOSTILE = "\x1b[2J\u202ecod\ud800\n"


def said(text: str) -> dict[str, object]:
    """A fact in JSON."""
    return {"code": "error", "fields": {"detail": text}, "text": text}


def contents(
    *parts: Part, counts: dict[str, int] | Unknown | None = None, display_name: str = "Acme"
) -> WorkspaceContents:
    return WorkspaceContents("acme", "w1", "2025-03-01", display_name, parts, {} if counts is None else counts)


def items(count: int, sort: str = "member") -> tuple[Item, ...]:
    return tuple(Item((sort,), f"p{number:05}@x.io", str(number)) for number in range(count))


def test_unconfirmed_change_as_text() -> None:
    shown = contents_text(
        contents(
            Part("members", ("role",), (Item(("admin",), "ada@x.io", "1"), *items(2))),
            Part("serviceAccounts", ("role",), (Item(("",), "", "c1"),)),
            Part("apiKeys", ("account",), (Item(("ci",), "deploy", "k1"),), failure("those of x cannot be read")),
            Part("environments", (), (Item((), "development", "development"), Item((), "qa", "qa"))),
            Part("policies", ("type",), Unknown(failure("api.example.test does not allow GET /policies: no"))),
            counts={"jobs": 0, "sandboxes": 1200, "agents": 3},
        ),
        "https://api.example.test/v0",
        "ci",
    )
    assert shown == (
        "acme · https://api.example.test/v0 · as ci\n\n"
        '  "Acme", created 2025-03-01\n\n'
        "  members (3)\n"
        "    admin   ada@x.io\n"
        "    member  p00000@x.io, p00001@x.io\n"
        "  serviceAccounts (1)\n"
        "    no role reported  c1\n"
        "  apiKeys (1 seen)\n"
        "    ci  deploy\n"
        "    ! those of x cannot be read\n"
        "  environments (2)\n"
        "    development, qa\n"
        "  policies: unknown — api.example.test does not allow GET /policies: no\n"
        "  resource counts: agents 3, sandboxes 1,200\n\n"
        "Deleting acme deletes all of this and anything else in it. This cannot be undone.\n"
    )


def test_lists_are_bounded() -> None:
    sorts = tuple(Item((f"role{number:03}",), "x", str(number)) for number in range(500))
    shown = contents_text(
        contents(
            Part("members", ("role",), items(9_998)),
            Part("invitations", ("role",), sorts),
            counts={f"thing{number:03}": 1 for number in range(300)},
            display_name="n" * 100_000,
        ),
        "local",
        "",
    )
    assert "  members (9,998)\n" in shown
    assert "p00009@x.io and 9,988 more\n" in shown
    assert "    role009  x\n    and 490 more\n" in shown
    assert "thing009 1 and 290 more\n" in shown
    assert len(shown) < 2_000


def test_full_list_has_no_remainder() -> None:
    assert "more" not in contents_text(contents(Part("members", ("role",), items(10))), "local", "")


def test_empty_and_unknown_are_different() -> None:
    assert "  resource counts: nothing\n" in contents_text(contents(counts={"jobs": 0}), "local", "")
    assert "  resource counts: unknown — why\n" in contents_text(contents(counts=Unknown(failure("why"))), "local", "")


def test_workspace_without_details() -> None:
    shown = contents_text(WorkspaceContents("acme", "", "", "", (), {}), "local", "")
    assert shown.startswith("acme · local\n\n  resource counts: nothing\n\n")


def test_hostile_names_are_escaped() -> None:
    hostile = contents(
        Part("policies", ("type",), (Item((HOSTILE,), HOSTILE, HOSTILE), Item(("a",), "n" * 10_000, "k"))),
        Part("more", ("type",), Unknown(failure(HOSTILE))),
        counts={HOSTILE: 1},
        display_name=HOSTILE,
    )
    shown = contents_text(hostile, HOSTILE, HOSTILE)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert shown.count("\n") == 11
    assert max(map(len, shown.splitlines())) < 160
    told = deletion_text("acme", HOSTILE, Deletion(DeletionStatus.FOUND_GONE, failure(HOSTILE)))
    assert all(char.isprintable() or char == "\n" for char in told)
    assert destroyed_json(hostile, "local", Deletion(DeletionStatus.DELETED)).isascii()


def test_result_of_a_deletion() -> None:
    assert deletion_text("acme", "access/acme.yaml", Deletion(DeletionStatus.DELETED)) == (
        "Deleted acme and everything in it.\n"
        "  Remove its document (access/acme.yaml), or the next plan will not find acme.\n"
    )
    lost = deletion_text("acme", "-", Deletion(DeletionStatus.FOUND_GONE, failure("x answered HTTP 502")))
    assert lost == (
        "acme and everything in it are gone, although the response was lost: x answered HTTP 502.\n"
        "  Remove its document, or the next plan will not find acme.\n"
    )
    before = deletion_text("acme", "-", Deletion(DeletionStatus.GONE_AT_ANSWER, failure("the API responded with 404")))
    assert before.startswith("acme was already gone when the API responded: the API responded with 404.\n")


def test_json_is_complete() -> None:
    parts = (
        Part("members", ("role",), items(50), failure("some")),
        Part("policies", ("type",), Unknown(failure("no"))),
    )
    told = json.loads(destroyed_json(contents(*parts, counts={"agents": 3}), "local", Deletion(DeletionStatus.DELETED)))
    assert told == {
        "format_version": "1.2",
        "workspace": "acme",
        "api_url": "local",
        "id": "w1",
        "created_at": "2025-03-01",
        "display_name": "Acme",
        "contents": {
            "members": [{"name": f"p{number:05}@x.io", "role": "member"} for number in range(50)],
            "policies": None,
            "counts": {"agents": 3},
        },
        "unavailable": {"policies": said("no"), "members": said("some")},
        "status": "deleted",
        "text": "Deleted acme and everything in it.",
    }
    silent = json.loads(
        destroyed_json(contents(counts=Unknown(failure("why"))), "local", Deletion(DeletionStatus.DELETED))
    )
    assert (silent["contents"], silent["unavailable"]) == ({"counts": None}, {"counts": said("why")})
