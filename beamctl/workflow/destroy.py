"""Deletes a workspace with everything in it, after showing what would be lost."""

from __future__ import annotations

from threading import Event as StopSignal

from beamctl.destroy.deletion import Deletion, delete
from beamctl.destroy.estate import WorkspaceContents
from beamctl.destroy.survey import survey as look
from beamctl.model.ports import Deleter, Pause, Reader


def survey(workspace: str, reader: Reader) -> WorkspaceContents:
    """What would be lost with a workspace."""
    return look(workspace, reader)


def destroy(
    shown: WorkspaceContents, reader: Reader, deleter: Deleter, *, stop: StopSignal, pause: Pause = lambda _: True
) -> Deletion:
    """Delete the workspace that was shown and confirmed by name, if it is still the same."""
    return delete(shown, reader, deleter, stop, pause)
