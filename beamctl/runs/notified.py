"""What was last notified, for each receiver: a file next to the run records.

A module of its own: only notifications read and write it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from beamctl.errors import UsageError
from beamctl.model.strict_json import read_json
from beamctl.runs.folder import RecordFolder

FILE = "notified.json"
_LARGEST = 16 * 1024 * 1024

SentKeys = Mapping[str, Mapping[str, str]]
"""By receiver and subject, the key of what was last sent."""


def read_sent(folder: RecordFolder) -> SentKeys:
    """What was sent by earlier runs; empty if there is no such file.

    Raises:
        UsageError: The file cannot be read, is damaged, or may come from a pull request, which could silence an alarm.
    """
    content = folder.storage.read_note(FILE, _LARGEST)
    if content is None:
        return {}
    try:
        data = read_json(content)
        return {str(target): {str(name): str(key) for name, key in keys.items()} for target, keys in data.items()}
    except (ValueError, AttributeError):
        raise UsageError(f"{folder.storage.where}/{FILE} is damaged", "Delete it.") from None


def write_sent(folder: RecordFolder, sent: SentKeys) -> None:
    """Replace what was sent.

    Raises:
        UsageError: The file cannot be written.
    """
    folder.storage.write_note(FILE, json.dumps(sent, indent=1, sort_keys=True) + "\n", "what was notified")
