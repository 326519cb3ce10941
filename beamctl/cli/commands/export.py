"""`beamctl export`: write live workspaces as documents. Never replaces a file."""

from __future__ import annotations

from pathlib import Path

import click

from beamctl.cli import options
from beamctl.cli.exits import Exit, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.document.problem import Place
from beamctl.errors import BeamctlError, UsageError
from beamctl.system.clock import current_time
from beamctl.workflow.connection import Access, default_workspace
from beamctl.workflow.credentials import refuse_shared_variables
from beamctl.workflow.failures import failure, raise_if_alone
from beamctl.workflow.show import export_all


@click.command(
    "export",
    cls=BeamctlCommand,
    examples=("beamctl export -w acme > beamctl.yaml", "beamctl export -w acme -w staging --split access"),
)
@options.workspaces_option(
    "A workspace to export. Repeatable. Default: BEAMCTL_WORKSPACE, BL_WORKSPACE or the official CLI's."
)
@option(
    Group.OUTPUT,
    "--split",
    metavar="DIR",
    help="Write each workspace to its own file, DIR/NAME.yaml.",
)
@options.quiet
@options.reads
def command(
    *,
    workspaces: tuple[str, ...],
    split: str | None,
    out: Output,
    access: Access,
) -> int:
    """Write a live workspace as a document.

    A plan of that document has no changes. Anything the document format cannot express is added as a comment. Exits 4
    if this credential cannot read everything, and writes the rest. A workspace that cannot be read does not affect the
    others.
    """
    names = list(dict.fromkeys(workspaces)) or [default_workspace(access)]
    refuse_shared_variables(access, names)
    folder = _folder(split, names)
    results = dict(zip(names, export_all(names, access, current_time()), strict=True))
    errors = {name: each for name, each in results.items() if isinstance(each, BeamctlError)}
    raise_if_alone(errors.values(), len(names))
    found = {name: each for name, each in results.items() if not isinstance(each, BeamctlError)}
    if folder is None:
        out.result("---\n".join(each.text for each in found.values()), is_data=True)
    elif found:
        for name, each in found.items():
            _write(_file(folder, name), out.redaction.redact(each.text))
        out.info(f"Wrote {', '.join(str(_file(folder, name)) for name in found)}. To plan:  beamctl plan -f {folder}")
    code = out.failed([failure(name, Place(""), error) for name, error in errors.items()])
    for name, each in found.items():
        if each.unseen:
            unseen = ", ".join(each.unseen)
            out.info(f"This credential cannot read all of {name} (exit 4). Left out: {unseen}.")
            code = worst(code, Exit.NOT_ALLOWED)
    return code


def _folder(split: str | None, names: list[str]) -> Path | None:
    """The folder to write to, once no target file exists in it.

    Raises:
        UsageError: A target file already exists.
    """
    if split is None:
        return None
    folder = Path(split)
    if existing := next((path for name in names if (path := _file(folder, name)).exists()), None):
        raise UsageError(f"{existing} already exists", "Move it away, or name another directory with --split.")
    return folder


def _file(folder: Path, workspace: str) -> Path:
    return folder / f"{workspace}.yaml"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}", "Name another directory with --split."
        ) from None
