"""What is valid in a document and probably not meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from beamctl.document.document import Document, Mode, Path
from beamctl.document.problem import Problem
from beamctl.document.quote import quoted
from beamctl.model.email import domain, everyone_at, folded, is_pattern

_PLACEHOLDER = re.compile(r"\$?\{\{.*?\}\}|\$\{[^{}]*\}|@@\w+@@")
_LOOKED_AT = ("settings", "serviceAccounts", "policies", "integrations", "environments")


def lint(document: Document) -> Iterator[Problem]:
    """Everything in a document without problems that the user should look at."""
    yield from _placeholders(document)
    yield from _unlisted(document)
    yield from _too_few_admins(document)


def _placeholders(document: Document) -> Iterator[Problem]:
    for section in _LOOKED_AT:
        for path, text in _texts(document.data.get(section), (section,)):
            if found := _PLACEHOLDER.search(text):
                message = f"{quoted(found.group())} looks like a placeholder that was not filled in"
                yield Problem(document.place(*path), message, "beamctl expands no variables: write the value")


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:  # noqa: ANN401 - plain data of any shape
    match data:
        case str():
            yield path, data
        case dict():
            for key, value in data.items():
                if key != "command" or not isinstance(value, list):  # a shell may expand what is in a command
                    yield from _texts(value, (*path, key))
        case list():
            for index, value in enumerate(data):
                yield from _texts(value, (*path, index))
        case _:
            return


def _unlisted(document: Document) -> Iterator[Problem]:
    """People whom the guards name and no other part of the document does. They may be misspelled."""
    data = document.data
    if "members" not in data or _is_additive(document):
        return
    listed = {folded(email) for email in (*data["members"], *data.get("manage", {}).get("skip", {}))}
    listed |= {everyone_at(email) for email in listed}
    guards = data.get("guards", {})
    named: list[tuple[Path, str]] = [
        (("guards", "protected", index), email) for index, email in enumerate(guards.get("protected", ()))
    ]
    if email := guards.get("self", {}).get("email"):
        named.append((("guards", "self", "email"), email))
    for path, email in named:
        if folded(email) not in listed:
            told = f"no one at {domain(email)} is" if is_pattern(email) else f"{quoted(email)} is not"
            yield Problem(document.place(*path), f"{told} under members", "check the spelling")


def _is_additive(document: Document) -> bool:
    return bool(document.data.get("manage", {}).get("members") == Mode.ADDITIVE)


def _too_few_admins(document: Document) -> Iterator[Problem]:
    """A `minAdmins` that the document itself does not meet. Groups of a directory may make others admins, and who is
    skipped may be one."""
    data = document.data
    needed, members = data.get("guards", {}).get("minAdmins", 0), data.get("members", {})
    groups = any(each["role"] == "admin" for each in data.get("settings", {}).get("groupMappings", ()))
    others = groups or data.get("manage", {}).get("skip") or _is_additive(document)
    roles = [entry["role"] if isinstance(entry, dict) else entry for entry in members.values()]
    admins = roles.count("admin")
    if members and not others and admins < needed:
        message = f"minAdmins is {needed}, and members lists {admins} admin{'s' * (admins != 1)}"
        hint = "add an admin, lower minAdmins, or map a group to admin in settings.groupMappings"
        yield Problem(document.place("guards", "minAdmins"), message, hint)
