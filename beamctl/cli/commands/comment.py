"""`beamctl comment`: keep one comment of a pull or merge request up to date.

A module of its own: there is one for each command."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output


@click.command("comment", cls=BeamctlCommand, examples=("beamctl comment plan.md",))
@click.argument("file", metavar="FILE", type=options.PathType())
@option(
    Group.CONNECTION,
    "--platform",
    type=click.Choice(["github", "gitlab"]),
    help="Where the pull request is. Default: where this CI run is.",
)
@option(
    Group.CONNECTION,
    "--author",
    metavar="LOGIN",
    help="The login that the token writes as. Default: its owner; github-actions[bot] for a token of an app.",
)
@options.quiet
def command(file: Path, *, platform: str | None, author: str | None, out: Output) -> int:
    """Post a Markdown report as a comment on the pull request of this CI run, or update the earlier comment.

    FILE is a file that `--report markdown=FILE` wrote. The pull request and the token are taken from the environment of
    GitHub Actions (GITHUB_TOKEN) or GitLab CI (GITLAB_TOKEN). The earlier comment is found by the marker on its first
    line and by its author. Pull requests from forks are refused.
    """
    from beamctl.api.comment_target import GITHUB_TOKEN, GITLAB_TOKEN, Platform, platform_of, target_of
    from beamctl.api.comments import Comments
    from beamctl.workflow.comment import post, read_body

    out.redaction.redactor.learn_own(*(os.environ.get(name, "").strip() for name in (GITHUB_TOKEN, GITLAB_TOKEN)))
    target = target_of(Platform(platform) if platform else platform_of(os.environ), os.environ)
    body = read_body(file, target)
    comments = Comments(target, out.redaction.redactor)
    try:
        done = post(replace(body, text=out.redaction.redact(body.text)), comments, author or "")
    finally:
        comments.close()
    out.info(f"The comment on {target.name} is {done.value}.")
    return Exit.DONE
