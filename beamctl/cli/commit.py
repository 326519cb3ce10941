"""Which commit the documents are of, and who started this run, as far as this machine tells. Neither is proof: both are
for people who look back. It must not know what they are written into."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

_ACTORS = (
    "GITHUB_ACTOR",
    "GITLAB_USER_LOGIN",
    "BUILDKITE_BUILD_CREATOR",
    "CIRCLE_USERNAME",
    "BITBUCKET_STEP_TRIGGERER_UUID",
)
_LONGEST = 10
"""Seconds that git may take: a commit is good to know, and no reason to wait."""


def commit_of(source: str) -> str:
    """The commit that a document's file is of, with `-dirty` where it was changed after it; empty where there is none.

    Args:
        source: The file as the user named it; `-` is standard input.
    """
    folder = Path(source).parent if source != "-" else Path()
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD").strip()
    if not commit or source == "-":
        return commit
    changed = _git(folder, "status", "--porcelain", "--ignored", "--", Path(source).name)
    return f"{commit}-dirty" if changed else commit


def actor() -> str:
    """Who started this run: in CI the person who caused the job, else the login of this machine."""
    told = next((name for variable in _ACTORS if (name := os.environ.get(variable))), "")
    try:
        return told or getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container may have no name for its user
        return ""


def _git(folder: Path, *arguments: str) -> str:
    """What git says; nothing where there is no git, no repository, or anything is wrong with either."""
    careful = ["--literal-pathspecs", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]
    command = ["git", *careful, *arguments]
    try:
        ran = subprocess.run(  # noqa: S603 - the arguments are ours
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_LONGEST, check=False
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return ""
    return ran.stdout if ran.returncode == 0 else ""
