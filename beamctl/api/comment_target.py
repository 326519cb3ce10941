"""Finds the pull or merge request of a CI run in its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from beamctl.api.base_url import base_url
from beamctl.api.comments import CommentTarget
from beamctl.errors import UnauthenticatedError, UsageError
from beamctl.model.api_call import Method
from beamctl.model.strict_json import bounded_json
from beamctl.system.files import read_file

GITHUB_TOKEN, GITLAB_TOKEN = "GITHUB_TOKEN", "GITLAB_TOKEN"
_FROM_CI = "CI sets it. In a container, pass it on."
_LARGEST_EVENT = 32 * 1024 * 1024
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_FORK = (
    "Comments need a token that may write, and a fork must not get one. There, use a report in the log or the summary."
)


class Platform(StrEnum):
    """A platform with pull or merge requests."""

    GITHUB = "github"
    GITLAB = "gitlab"


def platform_of(environment: Mapping[str, str]) -> Platform:
    """The platform that this CI run belongs to.

    Raises:
        UsageError: It is not known.
    """
    if environment.get("GITHUB_ACTIONS") == "true":
        return Platform.GITHUB
    if environment.get("GITLAB_CI") == "true":
        return Platform.GITLAB
    message = "this is neither a step of GitHub Actions nor a job of GitLab"
    raise UsageError(message, "Elsewhere, set --platform and the variables that the platform's CI sets.")


def target_of(platform: Platform, environment: Mapping[str, str]) -> CommentTarget:
    """The pull or merge request that the environment names.

    Raises:
        UsageError: There is none, it comes from a fork, or a variable is missing or invalid.
        UnauthenticatedError: There is no token.
    """
    return _github(environment) if platform is Platform.GITHUB else _gitlab(environment)


def _github(environment: Mapping[str, str]) -> CommentTarget:
    repository = _matching(environment, "GITHUB_REPOSITORY", _REPOSITORY)
    number = _pull_request(environment, repository)
    token = _token(environment, GITHUB_TOKEN, "Add to the step:  env: {GITHUB_TOKEN: ${{ github.token }}}")
    comments = f"/repos/{repository}/issues"
    return CommentTarget(
        platform="GitHub",
        url=_url(environment, "GITHUB_API_URL", "https://api.github.com"),
        headers={"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"},
        token_from=GITHUB_TOKEN,
        name=f"{repository}#{number}",
        listing=f"{comments}/{number}/comments",
        one=f"{comments}/comments/{{id}}",
        updates=Method.PATCH,
        author_in="user",
        login_in="login",
        app_login="github-actions[bot]",
        largest=65_536,
        runs_commands=False,
        permission="Add to the job:  permissions: {contents: read, pull-requests: write}",
    )


def _pull_request(environment: Mapping[str, str], repository: str) -> int:
    path = environment.get("GITHUB_EVENT_PATH", "")
    if not path:
        raise UsageError("GITHUB_EVENT_PATH is not set", _FROM_CI)
    try:
        event = bounded_json(read_file(Path(path), _LARGEST_EVENT))
    except (ValueError, RecursionError):
        raise UsageError(f"GITHUB_EVENT_PATH names {path}, which is not JSON", "The runner writes this file.") from None
    request = _at(event, "pull_request")
    number = _at(request, "number")
    if not isinstance(number, int) or isinstance(number, bool):
        name = environment.get("GITHUB_EVENT_NAME") or "unknown"
        hint = "Run this step only if  github.event_name == 'pull_request'"
        raise UsageError(f"this run belongs to no pull request: its event is {name}", hint)
    head = _at(request, "head", "repo", "full_name")
    if not isinstance(head, str) or head.lower() != repository.lower():
        raise UsageError(f"{repository}#{number} comes from a fork ({head or 'deleted'}), so nothing was posted", _FORK)
    return number


def _gitlab(environment: Mapping[str, str]) -> CommentTarget:
    digits = re.compile(r"[0-9]+")
    if not environment.get("CI_MERGE_REQUEST_IID"):
        hint = "Run this job only for merge requests:  rules: [{if: $CI_PIPELINE_SOURCE == 'merge_request_event'}]"
        raise UsageError("this pipeline belongs to no merge request: CI_MERGE_REQUEST_IID is not set", hint)
    number = _matching(environment, "CI_MERGE_REQUEST_IID", digits)
    source = _matching(environment, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID", digits)
    project = _matching(environment, "CI_PROJECT_ID", digits)
    target = environment.get("CI_MERGE_REQUEST_PROJECT_ID") or project
    name = f"!{number} of project {project}"
    if not source == target == project:
        raise UsageError(f"{name} comes from a fork (project {source}), so nothing was posted", _FORK)
    hint = "Set it to a project access token with the scope api. CI_JOB_TOKEN cannot post comments."
    notes = f"/projects/{project}/merge_requests/{number}/notes"
    return CommentTarget(
        platform="GitLab",
        url=_url(environment, "CI_API_V4_URL", ""),
        headers={"PRIVATE-TOKEN": _token(environment, GITLAB_TOKEN, hint)},
        token_from=GITLAB_TOKEN,
        name=name,
        listing=notes,
        one=f"{notes}/{{id}}",
        updates=Method.PUT,
        author_in="author",
        login_in="username",
        app_login="",
        largest=1_000_000,
        runs_commands=True,
        permission="The token needs the scope api and the role Reporter or higher.",
    )


def _url(environment: Mapping[str, str], name: str, default: str) -> str:
    url = environment.get(name) or default
    if not url:
        raise UsageError(f"{name} is not set", _FROM_CI)
    try:
        return base_url(url, name)
    except UsageError as error:
        raise UsageError(error.message, f"{_FROM_CI} It looks like https://git.example.com/api.") from None


def _token(environment: Mapping[str, str], name: str, hint: str) -> str:
    token = environment.get(name, "").strip()
    if not token:
        raise UnauthenticatedError(f"{name} is not set", hint)
    if not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(f"{name} contains a character that no token has", hint)
    return token


def _matching(environment: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = environment.get(name, "")
    if not pattern.fullmatch(value) or ".." in value:
        raise UsageError(f"{name} is {'not valid' if value else 'not set'}", _FROM_CI)
    return value


def _at(data: Any, *path: str) -> Any:  # noqa: ANN401 - any JSON
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data
