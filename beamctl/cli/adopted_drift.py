"""The options `--patch` and `--write` of `beamctl drift`: print the edits that adopt drift, or make them.

A module of its own: the command does not import it without these options."""

from __future__ import annotations

from collections.abc import Sequence

from beamctl.cli.output import Output
from beamctl.errors import UsageError
from beamctl.plan.adoption import AdoptedDrift, EditedFile
from beamctl.report.patch_text import adopted_text, patch_text
from beamctl.workflow.adopt import write_files


def show_and_write(found: AdoptedDrift, out: Output, *, patch: bool, write: bool) -> None:
    """Print a patch, edit the files, and say what they leave out.

    Raises:
        UsageError: A file cannot be edited, or the patch would contain a secret.
    """
    edit_files(found.files, out, patch=patch, write=write)
    out.info(adopted_text(found, written=write))


def edit_files(files: Sequence[EditedFile], out: Output, *, patch: bool, write: bool) -> None:
    """Print a patch, and edit the files.

    Raises:
        UsageError: A file cannot be edited, or the patch would contain a secret.
    """
    texts = [patch_text(each.label, each.before.decode(), each.after.decode()) for each in files]
    if any(out.redaction.redact(text) != text for text in texts):
        message = "the patch would contain a credential or another secret that is in use"
        raise UsageError(message, "Remove it from the document or the workspace, and replace it.")
    if write:
        write_files(files)
    if patch:
        out.result("".join(texts), is_exact=True)
