"""What was last notified, for each receiver: a file next to the run records.

A module of its own: only notifications read and write it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from beamctl.errors import RecordError, UsageError
from beamctl.model.strict_json import read_json
from beamctl.runs.folder import RecordFolder
from beamctl.system.files import read_file, replace_file

FILE = "notified.json"
_LARGEST = 16 * 1024 * 1024
_HINT = "Name a writable directory with --record."

SentKeys = Mapping[str, Mapping[str, str]]
"""By receiver and subject, the key of what was last sent."""


def read_sent(folder: RecordFolder) -> SentKeys:
    """What was sent by earlier runs; empty if there is no such file.

    Raises:
        UsageError: The file cannot be read, is damaged, or may come from a pull request, which could silence an alarm.
    """
    path = folder.path / FILE
    if not path.exists():
        return {}
    folder.refuse_foreign([path], "file")
    try:
        data = read_json(read_file(path, _LARGEST))
        return {str(target): {str(name): str(key) for name, key in keys.items()} for target, keys in data.items()}
    except (ValueError, AttributeError):
        raise UsageError(f"{path} is damaged", "Delete it.") from None


def write_sent(folder: RecordFolder, sent: SentKeys) -> None:
    """Replace what was sent.

    Raises:
        UsageError: The file cannot be written.
    """
    try:
        folder.refuse_links()
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.keep_out_of_git()
    except RecordError as error:
        raise UsageError(error.message, _HINT) from None
    except OSError as error:
        raise UsageError(f"cannot write to {folder.path}: {error.strerror or error}", _HINT) from None
    replace_file(folder.path / FILE, json.dumps(sent, indent=1, sort_keys=True) + "\n", "what was notified", _HINT)
