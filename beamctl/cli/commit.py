"""Which commit the documents are of, and who started this run, as far as this machine tells. Neither is proof: both are
for people who look back."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from beamctl.cli.files import read_file
from beamctl.cli.git import repository_of
from beamctl.document.decode import LARGEST
from beamctl.errors import UsageError

_ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BITBUCKET_STEP_TRIGGERER_UUID",
)


def commit_of(source: str) -> str:
    """The commit that a document's file is of, with `-dirty` if the file differs from it; empty if there is none.

    Args:
        source: The file as the user named it; `-` is standard input.
    """
    path = Path(source) if source != "-" else None
    folder = (path.parent if path else Path()).resolve()
    repository = repository_of(folder)
    commit = repository.commit() if repository else ""
    if not repository or not commit or path is None:
        return commit
    committed = repository.committed(folder / path.name, LARGEST)
    return commit if committed is not None and _same(committed, path) else f"{commit}-dirty"


def actor() -> str:
    """Who started this run: in CI the person who caused the job, else the login of this machine."""
    told = next((name for variable in _ACTORS if (name := os.environ.get(variable))), "")
    try:
        return told or getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may have no name for its user
        return ""


def _same(committed: bytes, path: Path) -> bool:
    """Whether a file is as it was committed. Git may check out other line endings, which mean nothing in YAML."""
    try:
        content = read_file(path, LARGEST)
    except UsageError:
        return False
    return content.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n")
