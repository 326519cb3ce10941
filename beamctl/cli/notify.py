"""The option `--notify URL` and its variable: where to send notifications."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from beamctl.api.notifier import VARIABLE, secrets_of_url, targets_of
from beamctl.cli.help import Group, combined, option
from beamctl.cli.output import Output

if TYPE_CHECKING:
    import click

_GITHUB = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
_ADDRESS = re.compile(r"https?://[\w.:/-]+", re.ASCII)


def _learned(context: click.Context, _option: click.Parameter, urls: tuple[str, ...]) -> tuple[str, ...]:
    """The URLs of the option, hidden in output from now on, and those of the variable, which are hidden anyway."""
    out: Output | None = context.obj
    if out is not None:  # None while a shell completes a line
        out.redaction.redactor.learn_own(*(secret for url in urls for secret in secrets_of_url(url)))
    return (*urls, *os.environ.get(VARIABLE, "").split())


def job_link(environment: Mapping[str, str]) -> str:
    """The address of this CI job; empty if it is not known."""
    server, repository, run = (environment.get(name, "") for name in _GITHUB)
    link = f"{server}/{repository}/actions/runs/{run}" if server and run else environment.get("CI_JOB_URL", "")
    return link if _ADDRESS.fullmatch(link) else ""


def _with_notifier(function: Callable[..., Any]) -> Callable[..., Any]:
    """Pass where to notify to a command as one argument."""

    @functools.wraps(function)
    def command(*args: Any, out: Output, notify: tuple[str, ...], **options: Any) -> Any:  # noqa: ANN401 - the command's
        from beamctl.workflow.notifications import Notifier

        if not notify and VARIABLE in os.environ:
            out.info(f"Note: {VARIABLE} is empty, so no notifications are sent.")
        notifier = Notifier(targets_of(notify), out.error, out.redaction.redact_error, job_link(os.environ))
        return function(*args, out=out, notifier=notifier, **options)

    return command


notifications = combined(
    option(
        Group.OUTPUT,
        "--notify",
        multiple=True,
        callback=_learned,
        metavar="URL",
        help="Notify a chat or mail service, once per change. Repeatable. A URL of the library apprise, such as "
        f"slack://…; needs beamctl[notify]. The URL is a secret: prefer {VARIABLE}, with URLs separated by spaces.",
    ),
    _with_notifier,
)
