"""The files in which the official CLI keeps logins, of both eras: read at the edge here, then understood as values.
Nothing that stands in them is ever shown; it must not know what else can name a credential."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beamctl.api.credential import Credential, LoginTokens, api_key, checked, client_credentials
from beamctl.document.yaml_loader import parse_plain
from beamctl.document.yaml_scalars import text_or_null
from beamctl.errors import UsageError

_NAMES = ("~/.blaxel/config.yaml", "~/.beamlit/config.yaml")
LARGEST = 1_048_576
"""Bytes of a file that is looked at."""
SECONDS = 5.0
"""How long a pipe may take to end."""


@dataclass(frozen=True, slots=True)
class FileText:
    """A small file as it was found.

    Attributes:
        path: As the user knows it.
        content: Its bytes.
        fault: Why it could not be read, in words; empty where it could. A file that nobody needs may be unreadable.
    """

    path: str
    content: bytes = field(default=b"", repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one workspace.

    Attributes:
        path: The file.
        credential: The login, if there is one.
        stage: `prod`, `dev` or `local` as the file has it; may be empty.
    """

    path: str
    credential: Credential | None = None
    stage: str = ""


def read_file(path: str, seconds: float = SECONDS) -> FileText | None:
    """A file from disk, or None if it does not exist. A leading `~` is the home directory.

    Args:
        path: A regular file, or a pipe, as of a shell's `<(command)`.
        seconds: How long a pipe may take to end.
    """
    try:
        content = _content(Path(path).expanduser(), time.monotonic() + seconds)
    except (FileNotFoundError, NotADirectoryError, RuntimeError):  # RuntimeError: there is no home directory
        return None
    except TimeoutError:
        return FileText(path, fault=f"it is a pipe that did not end within {seconds:g} seconds")
    except (OSError, ValueError) as error:
        return FileText(path, fault=getattr(error, "strerror", None) or "not a path")
    if content is None:
        return FileText(path, fault="it is not a regular file or a pipe")
    if len(content) > LARGEST:
        return FileText(path, fault=f"it is larger than {LARGEST} bytes")
    return FileText(path, content)


def _content(path: Path, end: float) -> bytes | None:
    """What a file or a pipe holds, up to what is too much; None if it is neither.

    Raises:
        TimeoutError: A pipe did not end in time.
    """
    mode = path.stat().st_mode  # merely opening a device may do something
    is_pipe, content = stat.S_ISFIFO(mode), bytearray()
    if not is_pipe and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading a directory says what is wrong
        return None
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # do not wait for a pipe to have a writer
    try:
        while len(content) <= LARGEST:
            if is_pipe and not select.select([descriptor], [], [], max(0.0, end - time.monotonic()))[0]:
                raise TimeoutError
            if not (piece := os.read(descriptor, LARGEST)):
                break
            content += piece
    finally:
        os.close(descriptor)
    return bytes(content)


def read_cli_files() -> tuple[FileText, ...]:
    """The files of the official CLI that there are: today's before Beamlit's."""
    return tuple(file for file in map(read_file, _NAMES) if file is not None)


def text_of(file: FileText) -> bytes:
    """The content.

    Raises:
        UsageError: The file could not be read.
    """
    if file.fault:
        raise UsageError(f"{file.path} cannot be read: {file.fault}", "Make it readable, or name another credential.")
    return file.content


def entry_of(file: FileText, workspace: str) -> Entry | None:
    """What the file says of a workspace; None where it does not mention it.

    Raises:
        UsageError: The file cannot be read or understood. The message does not show what stands in it.
    """
    listed = _data(file).get("workspaces") or []
    if not isinstance(listed, list):
        raise _malformed(file.path)
    for item in listed:
        if isinstance(item, dict) and item.get("name") == workspace:
            return Entry(
                file.path, _credential(item.get("credentials") or {}, file.path), _text(item, file.path, "env")
            )
    return None


def current_workspace(file: FileText) -> str:
    """The workspace that the CLI is set to; empty where it is set to none.

    Raises:
        UsageError: As for `entry_of`.
    """
    data = _data(file)
    context = data.get("context")
    if isinstance(context, dict) and (name := _text(context, file.path, "workspace")):
        return name
    return _text(data, file.path, "current_context")  # its name until November 2024


def _data(file: FileText) -> Mapping[str, Any]:
    documents, problems = parse_plain(text_of(file), file.path, text_or_null)  # all that is read here is text
    if problems:
        raise _malformed(file.path, problems[0].place.line)
    data = documents[0] if documents else {}
    if not isinstance(data, dict) or len(documents) > 1:
        raise _malformed(file.path)
    return data


def _credential(kept: Any, path: str) -> Credential | None:  # noqa: ANN401 - it may be anything
    """The best of what one login left behind, in the order of the official CLI."""
    if not isinstance(kept, dict):
        raise _malformed(path)
    if key := _text(kept, path, "apiKey", "api_key"):
        return api_key(key, f"apiKey in {path}")
    names = ("access_token", "refresh_token", "device_code")
    tokens = [_text(kept, path, name) for name in names]
    if any(tokens[:2]):
        return LoginTokens(
            *(text and checked(text, f"{name} in {path}") for name, text in zip(names, tokens, strict=True))
        )
    if pair := _text(kept, path, "client_credentials", "clientCredentials"):
        return client_credentials(pair, f"client_credentials in {path}")
    return None


def _text(data: Mapping[str, Any], path: str, *names: str) -> str:
    """The first of these that is there and not empty."""
    for name in names:
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{name} in {path} is no text", "Put it in quotes.")
        if value:
            return value
    return ""


def _malformed(path: str, line: int = 0) -> UsageError:
    where = f"{path}, line {line}," if line else path
    return UsageError(
        f"{where} is not what the official CLI writes",
        "Repair it, or move it away and log in again with `bl login`; its content is not shown here, as it is secret.",
    )
