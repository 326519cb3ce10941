"""Which commit the documents are of, and who started this run, as far as this machine tells. Neither is proof: both are
for people who look back."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path

from beamctl.cli.files import is_within, read_file
from beamctl.cli.git import repository_of
from beamctl.document.text_encoding import LARGEST
from beamctl.errors import UsageError

_ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BITBUCKET_STEP_TRIGGERER_UUID",
)


_IN_CI = (
    ("GITHUB_SHA", "GITHUB_WORKSPACE"),
    ("CI_COMMIT_SHA", "CI_PROJECT_DIR"),
    ("BUILDKITE_COMMIT", "BUILDKITE_BUILD_CHECKOUT_PATH"),
    ("CIRCLE_SHA1", "CIRCLE_WORKING_DIRECTORY"),
    ("BITBUCKET_COMMIT", "BITBUCKET_CLONE_DIR"),
)
"""By CI system, the variables that name the commit of the job and the folder it was checked out into."""
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def commit_of(source: str) -> str:
    """The commit that a document's file is of, with `-dirty` if the file differs from it; empty if there is none. Where
    git cannot be asked, it is the commit of the CI job, and whether the file differs is not known.

    Args:
        source: The file as the user named it; `-` is standard input.
    """
    path = Path(source) if source != "-" else None
    folder = (path.parent if path else Path()).resolve()
    repository = repository_of(folder)
    commit = repository.commit() if repository else None
    if commit is None:
        return _commit_of_job(folder)
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


def _commit_of_job(folder: Path) -> str:
    """The commit that the CI system names; empty if it names none, or checked it out elsewhere."""
    for variable, root in _IN_CI:
        commit = os.environ.get(variable, "")
        checkout = os.path.expanduser(os.environ.get(root, ""))  # noqa: PTH111 - a text, which may be empty
        if _COMMIT.fullmatch(commit) and (is_within(folder, checkout) or not os.path.isdir(checkout)):  # noqa: PTH112
            return commit
    return ""


def _same(committed: bytes, path: Path) -> bool:
    """Whether a file is as it was committed. Git may check out other line endings, which mean nothing in YAML."""
    try:
        content = read_file(path, LARGEST)
    except UsageError:
        return False
    return content.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n")
