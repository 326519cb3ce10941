"""Signs files, and verifies signatures, with OpenSSH's `ssh-keygen -Y`. beamctl itself never reads a key."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from beamctl.errors import UsageError
from beamctl.model.text import printable
from beamctl.system.child_process import Limits, ProcessResult, find_program, inherited, run
from beamctl.system.files import read_beginning, read_file

NAMESPACE = "beamctl-plan"
"""What the signatures are for. A signature that the same key made for git or another program is not valid here."""

SUFFIX = ".sig"
"""A signature is next to its file, and has its name with this suffix."""

_PROGRAM = "ssh-keygen"
_MARKER = b"-----BEGIN SSH SIGNATURE-----"
_LARGEST = 64 * 1024
_LIMITS = Limits(seconds=60, output=_LARGEST, errors=8192)
"""A security key may wait for a touch."""

_SHOWN_LINES = 3
_INHERITED = frozenset({"PATH", "HOME", "SSH_AUTH_SOCK", "SSH_SK_PROVIDER", "SSH_SK_HELPER"})
_INSTALL = "Install the OpenSSH client, version 8.1 or newer (Debian, Ubuntu, Alpine: the package openssh-client)."


def signature_of(file: str) -> Path:
    """Where the signature of a file is."""
    return Path(file + SUFFIX)


def why_not_sign(file: str, key: Path) -> str:
    """Why a file cannot be signed with a key, judging without reading the key; empty if it may work."""
    if find_program(_PROGRAM) is None:
        return f"{_PROGRAM} was not found. {_INSTALL}"
    signature = signature_of(file)
    try:
        if not stat.S_ISREG(key.stat().st_mode):
            return f"{printable(str(key))} is not a regular file"
        if not os.path.lexists(signature):
            return ""
        is_ours = not signature.is_symlink() and read_beginning(signature, len(_MARKER)) in (b"", _MARKER)
    except (OSError, ValueError) as error:
        return f"cannot read {printable(str(key))}: {getattr(error, 'strerror', None) or 'invalid file name'}"
    except UsageError as error:
        return error.message
    return "" if is_ours else f"{printable(str(signature))} already exists and is not a signature"


def sign(content: bytes, key: Path) -> str:
    """The signature of a file's content.

    Args:
        content: The content.
        key: The private key, or the public key of one that ssh-agent holds.

    Raises:
        UsageError: It cannot be signed.
    """
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="beamctl-") as folder:  # not through standard input: it is asked for passphrases
        file = Path(folder, "plan")
        file.write_bytes(content)
        ended = _run("sign", "-f", str(key.absolute()), "-n", NAMESPACE, str(file))
        if not ended.why:
            return read_file(signature_of(str(file)), _LARGEST).decode("ascii")
    hint = (
        "Name a private key without a passphrase that only you can read. If it has a passphrase, or is on another "
        f"machine, load it with ssh-add and name its public key:  --sign {printable(str(key))}.pub"
    )
    raise UsageError(f"--sign: cannot sign with {printable(str(key))}: {_why(ended)}", hint)


def verify(content: bytes, file: str, signers: Path) -> str:
    """Verify the signature of a file. Returns who signed it, as the list of signers names them.

    Args:
        content: The file's content. The file is not read again.
        file: The file as the user named it.
        signers: An `allowed_signers` file, as described in the manual of ssh-keygen.

    Raises:
        UsageError: The file was not signed by one of the signers, or this cannot be checked.
    """
    if find_program(_PROGRAM) is None:
        raise UsageError(f"--verify: {_PROGRAM} was not found, so {printable(file)} was not used", _INSTALL)
    _require(signers, "--verify needs a file of allowed signers", "Each line is: NAME KEY-TYPE KEY")
    signature = signature_of(file)
    again = f"Sign it when you make it:  beamctl plan --out {printable(file)} --sign KEY"
    _require(signature, f"--verify: {printable(file)} has no signature", again)
    of = ("-s", str(signature.absolute()))
    listed = ("-f", str(signers.absolute()))
    if (ended := _run("check-novalidate", "-n", NAMESPACE, *of, stdin=content)).why:
        message = f"--verify: {printable(str(signature))} is not a signature of {printable(file)}: {_why(ended)}"
        raise UsageError(message, f"The plan was changed after it was signed, or signed for something else.\n{again}")
    found = _run("find-principals", *of, *listed)
    why = _why(found)
    for name in found.output.decode("utf-8", "replace").splitlines() if not found.why else ():
        ended = _run("verify", *listed, "-I", name, "-n", NAMESPACE, *of, stdin=content)
        if not ended.why:
            return name
        why = _why(ended)
    hint = "Ask one of the signers to review and sign the plan, or have this signer added."
    message = f"--verify: {printable(file)} was signed by a key that {printable(str(signers))} does not allow: {why}"
    raise UsageError(message, hint)


def _require(file: Path, message: str, hint: str) -> None:
    try:
        read_beginning(file, 1)
    except UsageError as error:
        raise UsageError(f"{message}: {error.message}", hint) from None


def _run(action: str, *arguments: str, stdin: bytes | None = None) -> ProcessResult:
    env = {name: value for name, value in inherited().items() if name in _INHERITED}
    return run([_PROGRAM, "-Y", action, *arguments], _LIMITS, stdin=stdin, env={**env, "SSH_ASKPASS_REQUIRE": "never"})


def _why(ended: ProcessResult) -> str:
    """The end of ssh-keygen's own text, without the frames of its warnings."""
    lines = [line.strip() for line in ended.errors.decode("utf-8", "replace").splitlines()]
    shown: Sequence[str] = [printable(line) for line in lines if line.strip("@")][-_SHOWN_LINES:]
    return " / ".join(shown) or f"{_PROGRAM} {ended.why}"
