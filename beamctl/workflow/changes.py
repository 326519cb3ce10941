"""The stories that change a workspace: apply and destroy."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as StopSignal

from beamctl.apply.event import Event
from beamctl.apply.executor import apply as make_changes
from beamctl.apply.runner import ApplyContext, Listener
from beamctl.destroy.deletion import Deletion, delete
from beamctl.destroy.estate import WorkspaceContents
from beamctl.destroy.survey import survey as look
from beamctl.kinds.registry import KINDS
from beamctl.model.ports import Deleter, Pause, Reader, SecretStore, Sender
from beamctl.plan.plan import Plan


def apply(  # noqa: PLR0913 - each port has its name
    approved: Plan,
    reader: Reader,
    sender: Sender,
    *,
    parallelism: int,
    stop: StopSignal,
    on_event: Listener | None = None,
    vault: SecretStore | None = None,
    pause: Pause = lambda _: True,
) -> Iterator[Event]:
    """Make exactly the changes of an approved plan."""
    kinds = {kind.name: kind for kind in KINDS}
    return make_changes(approved, ApplyContext(kinds, reader, sender, parallelism, stop, on_event, vault, pause))


def survey(workspace: str, reader: Reader) -> WorkspaceContents:
    """What would be lost with a workspace."""
    return look(workspace, reader)


def destroy(
    shown: WorkspaceContents, reader: Reader, deleter: Deleter, *, stop: StopSignal, pause: Pause = lambda _: True
) -> Deletion:
    """Delete the workspace that was shown and confirmed by name, if it is still the same."""
    return delete(shown, reader, deleter, stop, pause)
