"""Stores secrets in the system's keyring through the library `keyring`.

A module of its own: it alone imports that optional library."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from beamctl.model.secret import Keyring

_CONFIGURATION = ("HOME", "XDG_CONFIG_HOME")
"""Variables that locate `keyring`'s configuration, which can name Python code to import. They must be absolute."""

_MISSING = "needs the library keyring:  pip install 'beamctl[keyring]'"


def why_missing() -> str:
    """Why there is no keyring, without loading one, which may start programs; empty if there may be one."""
    return "" if "keyring" in sys.modules or find_spec("keyring") else _MISSING


def why_not() -> str:
    """Why the keyring cannot be used; empty if it can."""
    if any(not Path(os.environ.get(name) or "/").is_absolute() for name in _CONFIGURATION):
        return f"cannot be used: {' or '.join(_CONFIGURATION)} is not an absolute path"
    try:
        import keyring
    except ImportError:
        return _MISSING
    try:
        usable = keyring.get_keyring().priority > 0
    except Exception as error:  # noqa: BLE001 - a backend may raise anything
        return f"cannot be used: {type(error).__name__}"
    return "" if usable else "cannot be used: this machine has no keyring"


def put(place: Keyring, text: str) -> str:
    """Store a text. Returns why it failed, or nothing."""
    if why := why_not():
        return why
    import keyring

    try:
        keyring.set_password(place.service, place.user, text)
        kept = keyring.get_password(place.service, place.user) == text
    except Exception as error:  # noqa: BLE001 - as above; its message may contain the secret
        return f"did not accept it: {type(error).__name__}"
    return "" if kept else "did not store it"
