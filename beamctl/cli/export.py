"""`beamctl export`: live workspaces as documents, to begin with. It must not change anything there, nor replace a
file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from beamctl.cli import options
from beamctl.cli.connect import access_of, default_workspace, link
from beamctl.cli.exits import Exit
from beamctl.cli.machine_clock import moment
from beamctl.cli.output import output_of
from beamctl.cli.output_redaction import VEIL
from beamctl.errors import UsageError
from beamctl.workflow.questions import export


@click.command("export")
@options.workspaces
@click.option("--split", metavar="DIR", help="Write each workspace into a file of its own, DIR/NAME.yaml.")
@options.quiet
@options.connection
def command(
    *,
    workspaces: tuple[str, ...],
    split: str | None,
    quiet: bool,
    **connection: Any,  # noqa: ANN401 - the options of `options.connection`
) -> int:
    """Write a live workspace as a document, of which a plan is empty.

    What a document cannot say stands in it as a comment. Without -w, the workspace is that of BEAMCTL_WORKSPACE,
    BL_WORKSPACE or the official CLI. Exits 4 where something cannot be seen with this credential, and writes the rest.
    """
    out = output_of("text", no_color=True, quiet=quiet)
    access = access_of(**connection)
    names = list(dict.fromkeys(workspaces)) or [default_workspace(access)]
    folder = _folder(split, names)
    found = {}
    for name in names:
        with link(access, name) as way:
            found[name] = export(name, way.reader, moment())
    if folder is None:
        out.payload("---\n".join(each.text for each in found.values()))
    else:
        for name, each in found.items():
            _write(_file(folder, name), each.text)
        out.talk(f"Wrote {', '.join(str(_file(folder, name)) for name in names)}. See:  beamctl plan -f {folder}")
    code = Exit.DONE
    for name, each in found.items():
        if each.unseen:
            unseen = ", ".join(each.unseen)
            out.talk(f"Not all of {name} can be seen with this credential, and is left alone (exit 4): {unseen}.")
            code = Exit.NOT_ALLOWED
    return code


def _folder(split: str | None, names: list[str]) -> Path | None:
    """Where files are to be written; nothing of that name is there yet.

    Raises:
        UsageError: It is no folder, or a file is there.
    """
    if split is None:
        return None
    folder = Path(split)
    if there := next((path for name in names if (path := _file(folder, name)).exists()), None):
        raise UsageError(f"{there} is there already", "Move it away, or name another directory with --split.")
    return folder


def _file(folder: Path, workspace: str) -> Path:
    return folder / f"{workspace}.yaml"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(VEIL.over(text))
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", "Name another one with --split.") from None
