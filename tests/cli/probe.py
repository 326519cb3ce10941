"""Runs commands and looks for secrets in everything they leave behind: streams, tracebacks, files."""

import base64
import json
import traceback
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from beamctl.cli.main import run


def spellings(secret: str) -> set[str]:
    """The ways in which a secret may be written."""
    encoded = base64.b64encode(secret.encode()).decode()
    beginning = secret[:24]  # a part of this length is already too much
    return {secret, beginning, quote(secret, safe=""), json.dumps(secret)[1:-1], encoded, encoded.rstrip("=")}


def assert_unseen(text: str, secrets: Sequence[str], where: str) -> None:
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in text, f"{where} shows {spelling}"


class Probe:
    """Runs commands and looks for canaries in everything they leave behind.

    Attributes:
        secrets: Must not appear.
        planted: Files below the current directory that may hold a secret, because the test put or expects it there.
        seen: The output of the last command.
    """

    def __init__(self, capfd: pytest.CaptureFixture[str], directory: Path) -> None:
        self.secrets: Sequence[str] = []
        self.planted: set[str] = set()
        self.seen = ""
        self._capfd = capfd
        self._directory = directory

    def __call__(self, *arguments: str) -> int:
        self._capfd.readouterr()
        try:
            code = run(arguments)
        except BaseException:
            assert_unseen(traceback.format_exc(), self.secrets, "a traceback")
            raise
        shown = self._capfd.readouterr()
        self.seen = shown.out + shown.err
        for name, text in zip(("stdout", "stderr"), shown, strict=True):
            assert_unseen(text, self.secrets, f"{name} of {arguments[0]}")
            assert "Traceback" not in text
        for path in self._directory.rglob("*"):
            if path.is_file() and path.name not in self.planted and not path.name.startswith("emulator.db"):
                assert_unseen(path.read_bytes().decode("utf-8", "replace"), self.secrets, path.name)
        return int(code)
