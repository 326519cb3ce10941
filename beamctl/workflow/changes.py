"""Applies an approved plan."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event as StopSignal

from beamctl.apply.event import Event
from beamctl.apply.executor import apply as make_changes
from beamctl.apply.runner import ApplyContext, Listener
from beamctl.kinds.registry import KINDS
from beamctl.model.ports import Pause, Reader, SecretStore, Sender
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
