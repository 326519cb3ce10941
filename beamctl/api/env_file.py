"""Reads the connection variables in an env file (`.env`), in the syntax that the official CLI accepts.

Nothing is expanded or run, and the content never appears in messages. Only a file that `--env-file` names is read: the
author of a cloned repository must not choose the account or the API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from beamctl.api.credential import CREDENTIAL_VARIABLES, URL_SETTINGS, WORKSPACE_VARIABLES, extended_variables
from beamctl.errors import UsageError

if TYPE_CHECKING:
    from beamctl.api.cli_config import FileText

_NAMES = frozenset({*URL_SETTINGS, *WORKSPACE_VARIABLES, *dict(CREDENTIAL_VARIABLES)})
_SKIPPED = re.compile(r"(?:[ \t]*(?:\#[^\n]*|---[ \t]*)?\n)+")
_STATEMENT = re.compile(
    r"""[ \t]* (?: export [ \t]+ )? (?P<name>[A-Za-z0-9_.]+) [ \t]* [=:]
        (?: [ \t]* ' (?P<single> (?: [^'\\] | \\. )* ) ' [ \t]* (?: \#[^\n]* )?
          | [ \t]* " (?P<double> (?: [^"\\] | \\. )* ) " [ \t]* (?: \#[^\n]* )?
          | (?! [ \t]* ['"] ) (?P<plain> [^\n]* ) ) \n""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = re.compile(r"[ \t]#.*")
_EXPANSION = re.compile(r"\$[A-Za-z0-9_{(]")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"n": "\n", "r": "\r"}


def connection_variables(file: FileText | None) -> Mapping[str, str]:
    """The variables for the API, the credential and the workspace; all others are ignored.

    Raises:
        UsageError: The file cannot be read, a line is invalid, or it has none of these variables: another credential
            than the intended one would be used. The message does not show any line.
    """
    from beamctl.api.cli_config import text_of

    if file is None:
        return {}
    try:
        text = text_of(file).decode("utf-8-sig").replace("\r\n", "\n") + "\n"
    except UnicodeDecodeError:
        raise UsageError(f"{file.path} is not a text file", "Save it as UTF-8.") from None
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        if skipped := _SKIPPED.match(text, position):
            position = skipped.end()
            continue
        line = text.count("\n", 0, position) + 1
        statement = _STATEMENT.match(text, position)
        if statement is None:
            raise UsageError(
                f"{file.path}, line {line}, is not NAME=VALUE",
                "Write one variable per line, and close every quotation mark.",
            )
        name = statement["name"]
        if name in _NAMES or any(extended_variables({name: "set"})):
            found[name] = _value(statement, f"{file.path}, line {line}")
        position = statement.end()
    if not found:
        raise UsageError(
            f"{file.path} sets no variable of the connection",
            "Check the spelling, such as BL_API_KEY or BEAMCTL_API_KEY.",
        )
    return found


def _value(statement: re.Match[str], place: str) -> str:
    """The value of a statement.

    Raises:
        UsageError: It refers to another variable or to a command.
    """
    if statement["single"] is not None:
        return statement["single"]
    text = statement["double"]
    if text is None:
        text = _COMMENT.sub("", statement["plain"]).strip()
    if _EXPANSION.search(text):
        raise UsageError(
            f"{statement['name']} in {place}, refers to another variable or a command, which is not expanded",
            "Write the value itself. A value that contains a dollar sign must be in single quotes.",
        )
    return text if statement["double"] is None else _ESCAPE.sub(lambda each: _LETTERS.get(each[1], each[1]), text)
