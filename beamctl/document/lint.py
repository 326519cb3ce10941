"""Warnings about valid documents: what is probably not as intended."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from beamctl.document.desired import Mode
from beamctl.document.document import Document, Path
from beamctl.document.problem import Place, Problem, ProblemCode, quoted
from beamctl.document.rules import people_in_guards
from beamctl.model.email import everyone_at, folded, is_pattern, matches

_PLACEHOLDER = re.compile(
    r"\$?\{\{.*?\}\}|[$#]\{[^{}]*\}|\$\([A-Za-z_][\w.]*\)|@@\w+@@|%%\w+%%|<%.*?%>|\A\$[A-Za-z_]\w*\Z"
)
_PLACEHOLDER_CHARACTERS = "{$%<"
"""Every placeholder in a valid address contains one of these."""
_SPELLING = "check the spelling"
SHARED = ("groups", "leavers")
"""Sections that concern all workspaces."""


def lint(document: Document) -> Iterator[Problem]:
    """All warnings about a valid document."""
    yield from _in_people_and_values(document)
    yield from _unlisted(document)


def placeholders(document: Document, sections: Iterable[str] = SHARED) -> Iterator[Problem]:
    """Texts in these sections that look like placeholders."""
    for section in sections:
        for place, path, text in _texts(document, document.data.get(section), (section,)):
            if found := _PLACEHOLDER.search(text):
                yield _placeholder(place(*path), found.group())


def _in_people_and_values(document: Document) -> Iterator[Problem]:
    yield from placeholders(document, document.data.keys() - {"members", *SHARED})
    emails = document.data.get("members", {})
    joined = "\n".join(emails)
    for email in emails if any(char in joined for char in _PLACEHOLDER_CHARACTERS) else ():  # most documents have none
        if found := _PLACEHOLDER.search(email):
            yield _placeholder(document.key_place("members", email), found.group())


def _placeholder(place: Place, text: str) -> Problem:
    message = f"{quoted(text)} looks like a placeholder that was not filled in"
    return Problem(place, ProblemCode.PLACEHOLDER, message, "beamctl does not expand variables: write the value")


def _texts(
    document: Document,
    data: Any,  # noqa: ANN401 - plain data of any shape
    path: Path,
) -> Iterator[tuple[Callable[..., Place], Path, str]]:
    """All keys and values that are texts, with the method that returns their place."""
    match data:
        case str():
            yield document.place, path, data
        case dict():
            for key, value in data.items():
                yield document.key_place, (*path, key), key
                if key != "command" or not isinstance(value, list):  # a shell may expand variables in a command
                    yield from _texts(document, value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _texts(document, value, (*path, index))
        case _:
            return


def _unlisted(document: Document) -> Iterator[Problem]:
    """Names that appear only in the guards and may be misspelled."""
    if _is_authoritative(document, "members"):
        yield from _unlisted_people(document)
    account = document.data.get("guards", {}).get("self", {}).get("serviceAccount")
    if account and _is_authoritative(document, "serviceAccounts") and account not in document.data["serviceAccounts"]:
        place = document.place("guards", "self", "serviceAccount")
        yield Problem(place, ProblemCode.UNLISTED_NAME, f"{quoted(account)} is not under serviceAccounts", _SPELLING)


def _unlisted_people(document: Document) -> Iterator[Problem]:
    guarded = list(people_in_guards(document.data))
    if not guarded:
        return
    skipped = {folded(email) for email in document.data.get("manage", {}).get("skip", {})}
    listed = {folded(email) for email in document.data["members"]} | skipped
    listed |= {everyone_at(email) for email in listed}
    for path, email in guarded:
        if folded(email) not in listed and not matches(skipped, folded(email)):
            who = f"no one at {email.partition('@')[2]} is" if is_pattern(email) else f"{quoted(email)} is not"
            yield Problem(document.place(*path), ProblemCode.UNLISTED_NAME, f"{who} under members", _SPELLING)


def _is_authoritative(document: Document, section: str) -> bool:
    return section in document.data and document.data.get("manage", {}).get(section) != Mode.ADDITIVE
