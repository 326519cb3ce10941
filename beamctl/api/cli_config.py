"""Reads the official CLI's configuration files, of both eras. Their content never appears in messages."""

from __future__ import annotations

import os
import select
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from beamctl.api.credential import (
    CLI_FILES,
    ApiKeyCredential,
    Credential,
    LoginTokens,
    api_key,
    checked,
    client_credentials,
)
from beamctl.errors import UsageError

LARGEST = 1_048_576
"""Maximum size of a file, in bytes."""
SECONDS = 5.0
"""How long a pipe may take to reach its end."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The content of a file, or why it could not be read.

    Attributes:
        path: The path as the user wrote it.
        content: The bytes.
        fault: Why it could not be read, if so. This is an error only if the file is needed.
    """

    path: str
    content: bytes = field(default=b"", repr=False)
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry of one workspace in a file.

    Attributes:
        path: The file.
        credential: The login, if there is one.
        stage: The `env` of the entry: `prod`, `dev` or `local`; may be empty.
    """

    path: str
    credential: Credential | None = None
    stage: str = ""


def read_file(path: str, seconds: float = SECONDS) -> FileText | None:
    """Read a file, or return None if it does not exist. A leading `~` is the home directory.

    Args:
        path: A regular file or a pipe, such as a shell's `<(command)`.
        seconds: How long a pipe may take to reach its end.
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
    """The content of a file or pipe, up to just over the size limit; None if it is neither.

    Raises:
        TimeoutError: A pipe did not end in time.
    """
    mode = path.stat().st_mode  # opening a device can have side effects
    is_pipe, content = stat.S_ISFIFO(mode), bytearray()
    if not is_pipe and not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):  # reading a directory raises a clear error
        return None
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # do not wait for a writer
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
    """The existing files of the official CLI, the current one before Beamlit's."""
    return tuple(file for file in map(read_file, CLI_FILES) if file is not None)


def text_of(file: FileText) -> bytes:
    """The content of a file.

    Raises:
        UsageError: The file could not be read.
    """
    if file.fault:
        raise UsageError(f"{file.path} cannot be read: {file.fault}", "Make it readable, or set another credential.")
    return file.content


def key_in(file: FileText) -> ApiKeyCredential:
    """The API key that is the content of a file.

    Raises:
        UsageError: The file could not be read, or its content is not an API key.
    """
    try:
        return api_key(text_of(file).decode().strip(), file.path)  # editors add a final line break
    except UnicodeDecodeError:
        raise UsageError(f"{file.path} is not a text file", "It must contain an API key and nothing else.") from None


def entry_of(file: FileText, workspace: str) -> Entry | None:
    """The entry of a workspace; None if the file has none.

    Raises:
        UsageError: The file cannot be read or parsed. The message does not show its content.
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
    """The CLI's current workspace; empty if none is set.

    Raises:
        UsageError: As for `entry_of`.
    """
    data = _data(file)
    context = data.get("context")
    if isinstance(context, dict) and (name := _text(context, file.path, "workspace")):
        return name
    return _text(data, file.path, "current_context")  # the key until November 2024


@lru_cache(maxsize=len(CLI_FILES))
def _data(file: FileText) -> Mapping[str, Any]:
    """The content, parsed once for all workspaces of a run."""
    import yaml

    content = text_of(file)
    try:
        documents = [data for data in yaml.load_all(content, _loader()) if data is not None]
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        if mark and mark.line >= len(content.splitlines()):  # something is not closed: where it begins
            mark = getattr(error, "context_mark", None)
        raise _malformed(file.path, mark.line + 1 if mark else 0) from None  # the error may quote a secret
    data = documents[0] if documents else {}
    if not isinstance(data, dict) or len(documents) > 1:
        raise _malformed(file.path)
    return data


@cache
def _loader() -> Any:  # noqa: ANN401 - a library class
    """PyYAML's safe loader, but plain scalars are strings or null, and tags and duplicate keys are errors."""
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    null, *others = (f"tag:yaml.org,2002:{name}" for name in ("null", "str", "seq", "map"))

    class TextLoader(base):  # type: ignore[misc]
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002 - as PyYAML's
            found = super().construct_mapping(node, deep)
            if len(found) != len(node.value):
                raise yaml.constructor.ConstructorError(problem="duplicate key", problem_mark=node.start_mark)
            return found

    TextLoader.yaml_constructors = {tag: base.yaml_constructors[tag] for tag in (null, *others, None)}  # None: an error
    TextLoader.yaml_implicit_resolvers = {
        first: [each for each in resolvers if each[0] == null]
        for first, resolvers in base.yaml_implicit_resolvers.items()
    }
    return TextLoader


def _credential(login: Any, path: str) -> Credential | None:  # noqa: ANN401 - it may be anything
    """The credential of a login, with the same precedence as the official CLI."""
    if not isinstance(login, dict):
        raise _malformed(path)
    if key := _text(login, path, "apiKey", "api_key"):
        return api_key(key, f"apiKey in {path}")
    names = ("access_token", "refresh_token", "device_code")
    tokens = [_text(login, path, name) for name in names]
    if any(tokens[:2]):
        return LoginTokens(
            *(text and checked(text, f"{name} in {path}") for name, text in zip(names, tokens, strict=True))
        )
    if pair := _text(login, path, "client_credentials", "clientCredentials"):
        return client_credentials(pair, f"client_credentials in {path}")
    return None


def _text(data: Mapping[str, Any], path: str, *names: str) -> str:
    """The first of these that is not empty."""
    for name in names:
        value = data.get(name)
        if value is not None and not isinstance(value, str):
            raise UsageError(f"{name} in {path} is not a string", "Put it in quotes.")
        if value:
            return value
    return ""


def _malformed(path: str, line: int = 0) -> UsageError:
    where = f"{path}, line {line}," if line else path
    return UsageError(
        f"{where} is not in the format of the official CLI",
        "Fix the file, or move it away and log in again with `bl login`. Its content is secret and not shown here.",
    )
