"""What the shell offers as the value of an option: files, and the workspaces and e-mail addresses of documents. Without
a network, and within limits of time and size, because a shell waits for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from beamctl.errors import UsageError

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

SAFE = re.compile(r"(?:[a-z-]+=)?[A-Za-z0-9@._+:/-]*", re.ASCII)
"""The only texts that are offered. In others, a shell could expand wildcards or variables."""
MOST = 500
"""Candidates that are offered."""

_MOST_FILES = 200
_LARGEST = 1024 * 1024
_EMAIL = re.compile(r"[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+", re.ASCII)


def paths(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Files, which the shell finds itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def workspaces(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The workspaces that the documents declare."""
    return _matching((each.get("workspace") for each in _documents(context)), incomplete)


def emails(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The e-mail addresses in the documents."""
    return _matching(_emails(list(_documents(context))), incomplete)


def hazards(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The hazards that can be allowed, then the e-mail addresses that one may be about."""
    from beamctl.plan.hazard import NEVER_ALLOWED, Risk

    name, equals, typed = incomplete.partition("=")
    if not equals:
        return _matching((f"{risk}=" for risk in Risk if risk not in NEVER_ALLOWED), incomplete)
    return [f"{name}={email}" for email in _matching(_emails(list(_documents(context))), typed)]


def addresses(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The kinds, with the names that the documents list."""
    from beamctl.kinds.registry import all_kinds

    def found() -> Iterator[str]:
        documents = list(_documents(context))
        for kind in all_kinds():
            yield f"{kind.name}:" if kind.named_by else kind.name
            for document in documents:
                section = document.get(kind.section)
                yield from (f"{kind.name}:{name}" for name in (section if isinstance(section, dict) else ()))

    return _matching(found(), incomplete)


def formats(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The formats of reports."""
    from beamctl.report.formats import FORMATS

    return _matching((f"{name}=" for name in FORMATS), incomplete)


def _matching(found: Iterator[Any], incomplete: str) -> list[str]:
    texts = {each for each in found if isinstance(each, str) and each.startswith(incomplete) and SAFE.fullmatch(each)}
    return sorted(texts)[:MOST]


def _documents(context: click.Context) -> Iterator[dict[str, Any]]:
    """The data of the documents that the command line names so far, or else of the default ones, valid or not."""
    from beamctl.document.yaml_loader import parse
    from beamctl.system.files import read_beginning
    from beamctl.workflow.documents import document_files

    left = 4 * _LARGEST
    for path in islice(document_files(context.params.get("files") or ()), _MOST_FILES):
        with suppress(UsageError):
            content = read_beginning(path, _LARGEST + 1)
            left -= len(content)
            if left < 0:
                return
            if len(content) <= _LARGEST:
                yield from (
                    each.document.data for each in parse(content, "").drafts if isinstance(each.document.data, dict)
                )


def _emails(value: Any) -> Iterator[str]:  # noqa: ANN401 - plain data of any shape
    match value:
        case str() if _EMAIL.fullmatch(value):
            yield value
        case dict():
            for key, inner in value.items():
                yield from _emails(key)
                yield from _emails(inner)
        case list():
            for inner in value:
                yield from _emails(inner)
        case _:
            return
