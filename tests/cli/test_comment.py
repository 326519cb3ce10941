"""`beamctl comment` keeps exactly one comment, its own, on GitHub and on GitLab."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.process import Ran
from tests.cli.world import Cli, Write
from tests.fakes.forge import TOKEN, Answer, Forge, serving_forge

MARKER = "<!-- beamctl:plan:v1 set=acme digest=77ab truncated=0 -->"
PLAN = f"{MARKER}\n\n### 1 person loses access · acme\n"
EMPTY = PLAN.replace("77ab", "0000").replace("1 person loses access", "No changes")
OTHER = PLAN.replace("set=acme", "set=labs")


@pytest.fixture(params=["github", "gitlab"])
def forge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, write: Write) -> Iterator[Forge]:
    is_github = request.param == "github"
    write("event.json", json.dumps(event()))
    write("plan.md", PLAN)
    with serving_forge(Forge(is_github, me="" if is_github else "project_42_bot")) as found:
        use(monkeypatch, found.environment("event.json"))
        yield found


def event(head: str | None = "acme/access") -> dict[str, object]:
    repository = None if head is None else {"full_name": head}
    return {"pull_request": {"number": 5, "head": {"repo": repository}}}


def use(monkeypatch: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def author(forge: Forge) -> str:
    return forge.me or forge.app


def refused(ran: Ran, code: int, *said: str) -> None:
    assert ran.code == code, ran
    for text in said:
        assert text in ran.err
    assert TOKEN not in ran.out + ran.err


def test_one_comment_is_created_then_updated_then_left(cli: Cli, write: Write, forge: Forge) -> None:
    assert cli("comment", "plan.md").code == 0
    assert forge.bodies() == [PLAN]
    write("plan.md", EMPTY)
    ran = cli("comment", "plan.md")
    assert (ran.code, ran.out) == (0, "")
    assert "is updated." in ran.err
    assert forge.bodies() == [EMPTY]
    forge.calls.clear()
    ran = cli("comment", "plan.md")
    assert "is unchanged." in ran.err
    assert forge.writes == []
    assert cli("comment", "plan.md", "-q").err == ""


def test_its_comment_is_found_on_the_third_page(cli: Cli, forge: Forge) -> None:
    forge.page = 3
    for number in range(7):
        forge.add("ada", f"Comment {number}")
    ours = forge.add(author(forge), PLAN.replace("77ab", "0001"))
    assert cli("comment", "plan.md").code == 0
    assert [each["id"] for each in forge.comments if each["body"] == PLAN] == [ours]
    assert len(forge.comments) == 8


def test_comments_of_others_and_other_comments_stay(cli: Cli, forge: Forge) -> None:
    others = [
        ("mallory", PLAN.replace("77ab", "0001")),
        ("mallory", PLAN),
        ("github-actions", PLAN.replace("77ab", "0001")),
        (author(forge), OTHER),
        (author(forge), PLAN.replace("beamctl:plan", "beamctl:drift")),
        (author(forge), f"I quote:\n{PLAN}"),
        (author(forge), f"> {PLAN}"),
        (author(forge), f"{MARKER} and more\n"),
        (author(forge), ""),
    ]
    for each in others:
        forge.add(*each)
    assert cli("comment", "plan.md").code == 0
    assert forge.bodies() == [*(text for _, text in others), PLAN]


def test_line_endings_and_the_end_may_be_changed_by_the_platform(cli: Cli, forge: Forge) -> None:
    forge.add(author(forge).upper(), PLAN.replace("\n", "\r\n").rstrip())
    assert "is unchanged." in cli("comment", "plan.md").err


def test_an_update_that_is_not_shown_is_an_error(cli: Cli, forge: Forge) -> None:
    forge.add(author(forge), EMPTY)
    forge.keeps_old = True
    refused(cli("comment", "plan.md"), 1, "accepted the comment on", "but shows another text")


def test_a_secret_in_the_file_is_hidden(cli: Cli, write: Write, forge: Forge) -> None:
    write("plan.md", f"{PLAN}{TOKEN}\n")
    assert cli("comment", "plan.md").code == 0
    assert forge.bodies() == [f"{PLAN}•••\n"]


PAGE = "<html>Bad gateway</html>"


@pytest.mark.parametrize(
    ("when", "answer", "code", "said"),
    [
        ("GET", ("401 Unauthorized", {"message": "Bad credentials"}), 4, "does not accept the token in GIT"),
        ("POST", ("403 Forbidden", {"message": f"No {TOKEN}"}), 4, "does not let the token access the comment on "),
        ("GET LISTING", ("404 Not Found", {}), 1, "does not show the comments of "),
        ("GET", ("429 Too Many Requests", {"message": "slow down"}), 1, "limits the rate of requests"),
        ("POST", ("422 Unprocessable Entity", {"message": "Body is too long"}), 1, "Body is too long"),
        ("POST", ("301 Moved Permanently", {}), 1, "has moved"),
        ("POST", ("502 Bad Gateway", PAGE.encode()), 1, "failed: HTTP 502 Bad Gateway"),
        ("POST", ("200 OK", PAGE.encode()), 1, "127.0.0.1"),
        ("POST", ("201 Created", {"id": "7"}), 1, "did not return a comment on "),
        ("POST", ("201 Created", []), 1, "did not return the comment on "),
        ("GET LISTING", ("200 OK", {"total": 1}), 1, "did not return the comments of "),
        ("GET LISTING", ("200 OK", [{"id": 1}]), 1, "did not return a comment on "),
        ("GET /user", ("200 OK", {"name": "x"}), 1, "did not return the owner of the token"),
    ],
)
def test_a_platform_that_refuses_fails_or_lies(
    cli: Cli, forge: Forge, when: str, answer: Answer, code: int, said: str
) -> None:
    beginning = when.replace("LISTING", "/repos" if forge.is_github else "/projects")
    forge.override = lambda call: answer if call.startswith(beginning) else None
    refused(cli("comment", "plan.md"), code, said)
    assert forge.bodies() == []


def test_endless_pages_are_an_error(cli: Cli, forge: Forge) -> None:
    forge.add("ada", "x")
    page = list(forge.comments)
    forge.override = lambda call: ("200 OK", page) if call.endswith(("comments", "notes")) else None
    refused(cli("comment", "plan.md"), 1, "lists more than 10,000 comments")
    assert forge.writes == []


def test_a_platform_that_is_gone(cli: Cli, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, {"GITHUB_API_URL": "http://127.0.0.1:9", "CI_API_V4_URL": "http://127.0.0.1:9"})
    refused(cli("comment", "plan.md"), 1, "127.0.0.1:9", f"is the API of {'GitHub' if forge.is_github else 'GitLab'}.")


def test_a_null_author_is_a_deleted_user(cli: Cli, forge: Forge) -> None:
    forge.add("ghost", PLAN)
    forge.comments[0]["user" if forge.is_github else "author"] = None
    assert cli("comment", "plan.md").code == 0
    assert forge.bodies() == [PLAN, PLAN]


@pytest.mark.parametrize("forge", ["github"], indirect=True)
@pytest.mark.parametrize("head", ["mallory/access", None])
def test_a_pull_request_from_a_fork_is_refused(cli: Cli, write: Write, forge: Forge, head: str | None) -> None:
    write("event.json", json.dumps(event(head)))
    refused(
        cli("comment", "plan.md"), 3, f"acme/access#5 comes from a fork ({head or 'deleted'}), so nothing was posted"
    )
    assert forge.calls == []


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)
def test_a_merge_request_from_a_fork_is_refused(cli: Cli, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "666")
    refused(cli("comment", "plan.md"), 3, "!5 of project 42 comes from a fork (project 666), so nothing was posted")
    assert forge.calls == []


@pytest.mark.parametrize("forge", ["github"], indirect=True)
@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("GITHUB_TOKEN", "", 4, "GITHUB_TOKEN is not set"),
        ("GITHUB_TOKEN", "a\nb", 3, "GITHUB_TOKEN contains a character that no token has"),
        ("GITHUB_REPOSITORY", "", 3, "GITHUB_REPOSITORY is not set"),
        ("GITHUB_REPOSITORY", "acme/../x", 3, "GITHUB_REPOSITORY is not valid"),
        ("GITHUB_EVENT_PATH", "", 3, "GITHUB_EVENT_PATH is not set"),
        ("GITHUB_EVENT_PATH", "missing.json", 3, "cannot read missing.json"),
        ("GITHUB_EVENT_PATH", "plan.md", 3, "which is not JSON"),
        ("GITHUB_API_URL", "http://github.example", 3, "GITHUB_API_URL is an http:// URL"),
        ("GITHUB_ACTIONS", "", 3, "neither a step of GitHub Actions nor a job of GitLab"),
    ],
)
def test_github_without_a_variable(  # noqa: PLR0913 - one argument per column
    cli: Cli, forge: Forge, monkeypatch: pytest.MonkeyPatch, *, name: str, value: str, code: int, said: str
) -> None:
    monkeypatch.setenv(name, value)
    refused(cli("comment", "plan.md"), code, said)
    assert forge.calls == []


@pytest.mark.parametrize("forge", ["gitlab"], indirect=True)
@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("GITLAB_TOKEN", "", 4, "CI_JOB_TOKEN cannot post comments"),
        ("CI_MERGE_REQUEST_IID", "", 3, "this pipeline belongs to no merge request"),
        ("CI_MERGE_REQUEST_IID", "5/../6", 3, "CI_MERGE_REQUEST_IID is not valid"),
        ("CI_PROJECT_ID", "", 3, "CI_PROJECT_ID is not set"),
        ("CI_API_V4_URL", "", 3, "CI_API_V4_URL is not set"),
    ],
)
def test_gitlab_without_a_variable(  # noqa: PLR0913 - one argument per column
    cli: Cli, forge: Forge, monkeypatch: pytest.MonkeyPatch, *, name: str, value: str, code: int, said: str
) -> None:
    monkeypatch.setenv(name, value)
    refused(cli("comment", "plan.md"), code, said)
    assert forge.calls == []


@pytest.mark.parametrize("forge", ["github"], indirect=True)
@pytest.mark.parametrize("event_of", [{"ref": "main"}, [], {"pull_request": {"number": True}}, {"pull_request": 5}])
def test_a_run_without_a_pull_request(
    cli: Cli, write: Write, forge: Forge, monkeypatch: pytest.MonkeyPatch, event_of: object
) -> None:
    write("event.json", json.dumps(event_of))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "push")
    refused(cli("comment", "plan.md"), 3, "this run belongs to no pull request: its event is push")
    assert forge.calls == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("### No marker\n", "plan.md does not start with a marker of beamctl"),
        (f"\n{PLAN}", "does not start with a marker"),
        (PLAN.replace("digest=77ab", "digest=77 --> x"), "does not start with a marker"),
        ("", "does not start with a marker"),
    ],
)
def test_a_file_without_a_marker(cli: Cli, write: Write, forge: Forge, text: str, said: str) -> None:
    write("plan.md", text)
    refused(cli("comment", "plan.md"), 3, said)
    assert forge.calls == []


def test_a_file_that_is_missing_too_large_or_not_text(cli: Cli, write: Write, forge: Forge) -> None:
    refused(cli("comment", "missing.md"), 3, "cannot read missing.md")
    limit = 65_536 if forge.is_github else 1_000_000
    write("plan.md", PLAN + "é" * (limit // 2))
    refused(cli("comment", "plan.md"), 3, f"may have {limit:,}")
    Path("plan.md").write_bytes(PLAN.encode() + b"\xff")
    refused(cli("comment", "plan.md"), 3, "plan.md is not UTF-8")
    assert forge.calls == []
    write("plan.md", (PLAN + "é" * limit)[: limit // 2])
    assert cli("comment", "plan.md").code == 0


@pytest.mark.parametrize("text", ["/close", "  /merge", "<!--\n/assign me\n-->"])
def test_a_quick_action_is_never_sent_to_gitlab(cli: Cli, write: Write, forge: Forge, text: str) -> None:
    write("plan.md", f"{PLAN}\n{text}\n")
    ran = cli("comment", "plan.md")
    if forge.is_github:
        assert ran.code == 0
    else:
        refused(ran, 3, "a line starts with a slash")
        assert forge.calls == []


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_an_app_names_its_login(cli: Cli, forge: Forge) -> None:
    forge.app = "acme-bot[bot]"
    refused(cli("comment", "plan.md"), 1, "posted as acme-bot[bot]", "--author 'acme-bot[bot]'")
    assert "is unchanged." in cli("comment", "plan.md", "--author", "acme-bot[bot]").err
    assert len(forge.comments) == 1


@pytest.mark.parametrize("forge", ["github"], indirect=True)
def test_a_personal_token_writes_as_its_owner(cli: Cli, forge: Forge) -> None:
    forge.me = "ada"
    forge.add("github-actions[bot]", PLAN)
    assert cli("comment", "plan.md").code == 0
    assert len(forge.comments) == 2


def test_the_platform_can_be_named(cli: Cli, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS" if forge.is_github else "GITLAB_CI")
    assert cli("comment", "plan.md", "--platform", "github" if forge.is_github else "gitlab").code == 0
    assert cli("comment", "plan.md", "--platform", "gitea").code == 3
