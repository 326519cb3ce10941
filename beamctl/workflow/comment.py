"""Keeps one comment of a pull or merge request up to date: finds it by marker and author, and reads it back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from beamctl.api.comments import Comments, CommentTarget, PostedComment
from beamctl.errors import ApiError, GarbledError, UsageError
from beamctl.system.files import read_file

_MARKER = re.compile(r"<!-- (beamctl:[a-z-]+):v[0-9]+((?: [a-z]+=[A-Za-z0-9._=:/-]*)*) -->")
_LARGEST_FILE = 64 * 1024 * 1024
_QUICK_ACTION = re.compile(r"^\s*/[a-z]", re.MULTILINE)


class Posting(Enum):
    """What was done."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class CommentKey:
    """Which comment of a pull request is the same one: the report and its set of workspaces."""

    report: str
    workspaces: str


@dataclass(frozen=True, slots=True)
class CommentBody:
    """The text of a comment.

    Attributes:
        key: From the marker on its first line.
    """

    text: str
    key: CommentKey


def key_of(text: str) -> CommentKey | None:
    """The key in the marker on the first line; None if there is no marker."""
    found = _MARKER.fullmatch(text.partition("\n")[0].rstrip("\r"))
    if found is None:
        return None
    fields = dict(each.split("=", 1) for each in found[2].split())
    return CommentKey(found[1], fields.get("set", ""))


def read_body(path: Path, target: CommentTarget) -> CommentBody:
    """The comment in a file.

    Raises:
        UsageError: It cannot be read, is too large for the platform, or has no marker.
    """
    content = read_file(path, _LARGEST_FILE)
    if len(content) > target.largest:
        message = f"{path} has {len(content):,} bytes, and a comment on {target.platform} may have {target.largest:,}"
        raise UsageError(message, "Use the file that `--report markdown=FILE` writes, unchanged. It fits.")
    try:
        text = content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8", "Use the file that `--report markdown=FILE` writes.") from None
    key = key_of(text)
    if key is None:
        hint = "Use the file that `--report markdown=FILE` writes, unchanged. Its marker finds the comment again."
        raise UsageError(f"{path} does not start with a marker of beamctl", hint)
    found = _QUICK_ACTION.search(text) if target.runs_commands else None
    if found is not None:
        line = text.count("\n", 0, found.end()) + 1
        hint = "GitLab could run it as a command. Use the file that `--report markdown=FILE` writes, unchanged."
        raise UsageError(f"{path}:{line}: a line starts with a slash", hint)
    return CommentBody(text, key)


def post(body: CommentBody, comments: Comments, author: str = "") -> Posting:
    """Create or update the comment, and check that it is shown.

    Args:
        body: The new comment.
        comments: The comments of the pull request.
        author: The login that the token writes as; empty to ask the platform.

    Raises:
        ApiError: The comments cannot be read or written, or do not show what was written.
    """
    login = author or comments.own_login()
    ours = next((each for each in comments if _is_ours(each, body.key, login)), None)
    if ours is not None and _same(ours.body, body.text):
        return Posting.UNCHANGED
    written = comments.write(body.text, None if ours is None else ours.id)
    if ours is not None and written.id != ours.id:
        raise GarbledError(f"{comments.target.platform} updated another comment than the one that was named")
    shown = comments.read(written.id)
    if not _same(shown.body, body.text):
        message = f"{comments.target.platform} accepted the comment on {comments.target.name} but shows another text"
        raise ApiError(message, "Run this command again. If that does not help, the text may be too long.")
    if shown.author.lower() != login.lower():
        message = f"the comment was posted as {shown.author}, but looked for as {login}: each run would add one"
        raise ApiError(message, f"Add  --author '{shown.author}'")
    return Posting.CREATED if ours is None else Posting.UPDATED


def _is_ours(comment: PostedComment, key: CommentKey, login: str) -> bool:
    return comment.author.lower() == login.lower() and key_of(comment.body) == key


def _same(shown: str, text: str) -> bool:
    """Whether a platform shows a text. Platforms may change line endings, and trim the end."""
    return shown.replace("\r\n", "\n").rstrip() == text.rstrip()
