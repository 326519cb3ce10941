"""The commit of the documents and the user who started the run, for run records. Neither is proof."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path

from beamctl.document.syntax import LARGEST
from beamctl.errors import UsageError
from beamctl.system.files import is_within, read_file

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
"""For each CI system, the variables with the commit of the job and the folder of its checkout."""
DIRTY = "-dirty"
"""The end of the commit of a document with changes that were not committed."""
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def commit_of(*sources: str) -> str:
    """The commit of the files of a document, with `-dirty` if one differs from it; empty if there is none.

    If git cannot be used, this is the commit of the CI job, and whether the files differ is unknown.

    Args:
        sources: The files as the user named them; `-` is standard input.
    """
    first, *others = dict.fromkeys(map(_commit_of, sources))
    return f"{first.removesuffix(DIRTY)}{DIRTY}" if first and others else first


def _commit_of(source: str) -> str:
    path = Path(source) if source != "-" else None
    folder = (path.parent if path else Path()).resolve()
    from beamctl.system.git import repository_of  # only a run that changes something needs it

    repository = repository_of(folder)
    commit = repository.commit() if repository else None
    if commit is None:
        return _commit_of_job(folder)
    if not repository or not commit or path is None:
        return commit
    committed = repository.committed(folder / path.name, LARGEST)
    return commit if committed is not None and _same(committed, path) else f"{commit}{DIRTY}"


def is_in_ci() -> bool:
    """Whether this is a CI job, in which the documents should have a commit."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def actor() -> str:
    """The user who started this run: in CI the user who triggered the job, otherwise the login name."""
    name_in_ci = next((name for variable in _ACTORS if (name := os.environ.get(variable))), "")
    try:
        return name_in_ci or getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may have no name for its user
        return ""


def _commit_of_job(folder: Path) -> str:
    """The commit that the CI system names; empty if it names none or checked it out elsewhere."""
    for variable, root in _IN_CI:
        commit = os.environ.get(variable, "")
        checkout = os.path.expanduser(os.environ.get(root, ""))  # noqa: PTH111 - a string that may be empty
        if _COMMIT.fullmatch(commit) and (is_within(folder, checkout) or not os.path.isdir(checkout)):  # noqa: PTH112
            return commit
    return ""


def _same(committed: bytes, path: Path) -> bool:
    """Whether a file is unchanged since the commit. Line endings are ignored: git may convert them."""
    try:
        content = read_file(path, LARGEST)
    except UsageError:
        return False
    return content.replace(b"\r\n", b"\n") == committed.replace(b"\r\n", b"\n")
