"""The public interface of the emulator: a Beamlit (Blaxel) control plane on this machine, stored in one SQLite file.

Each name is imported when it is first used, so importing this package loads neither Flask nor SQLite.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from beamctl.emulator.app import clock_of, create_app
    from beamctl.emulator.behavior import BehaviorFlag
    from beamctl.emulator.behavior import BehaviorFlag as Quirk
    from beamctl.emulator.clock import MovableClock, read_duration, read_moment, utc_now
    from beamctl.emulator.control_plane import (
        approve_login,
        as_operator,
        as_person,
        ask,
        deny_login,
        synchronize_directory,
        url_for_people,
    )
    from beamctl.emulator.errors import EmulatorError, FaultError, NoAddressError, SeedError, WrongOptionError
    from beamctl.emulator.faults import Fault, FaultKind, FaultScript, Rule, When
    from beamctl.emulator.faults.injection import ConnectionDropped
    from beamctl.emulator.faults.injection import ConnectionDropped as ConnectionCut
    from beamctl.emulator.faults.parser import read_rule
    from beamctl.emulator.mail.maildir import received_emails
    from beamctl.emulator.mail.maildir import received_emails as received_letters
    from beamctl.emulator.mail.mailer import open_mailer
    from beamctl.emulator.mail.mailer import open_mailer as open_post
    from beamctl.emulator.middleware import Entry, MiddlewareOptions, RequestLog, add_middleware
    from beamctl.emulator.middleware import MiddlewareOptions as Instruments
    from beamctl.emulator.middleware import add_middleware as instrument
    from beamctl.emulator.openapi import openapi_document
    from beamctl.emulator.seed import load_seed
    from beamctl.emulator.seed.entries import GeneratedKey, KeyKind
    from beamctl.emulator.seed.entries import GeneratedKey as MadeKey
    from beamctl.emulator.server import LogFile, serve

__all__ = [
    "BehaviorFlag",
    "ConnectionCut",
    "ConnectionDropped",
    "EmulatorError",
    "Entry",
    "Fault",
    "FaultError",
    "FaultKind",
    "FaultScript",
    "GeneratedKey",
    "Instruments",
    "KeyKind",
    "LogFile",
    "MadeKey",
    "MiddlewareOptions",
    "MovableClock",
    "NoAddressError",
    "Quirk",
    "RequestLog",
    "Rule",
    "SeedError",
    "When",
    "WrongOptionError",
    "add_middleware",
    "approve_login",
    "as_operator",
    "as_person",
    "ask",
    "clock_of",
    "create_app",
    "deny_login",
    "instrument",
    "load_seed",
    "open_mailer",
    "open_post",
    "openapi_document",
    "read_duration",
    "read_moment",
    "read_rule",
    "received_emails",
    "received_letters",
    "serve",
    "synchronize_directory",
    "url_for_people",
    "utc_now",
]

_MODULES = {
    "app": ("clock_of", "create_app"),
    "behavior": ("BehaviorFlag",),
    "clock": ("MovableClock", "read_duration", "read_moment", "utc_now"),
    "control_plane": (
        "approve_login",
        "as_operator",
        "as_person",
        "ask",
        "deny_login",
        "synchronize_directory",
        "url_for_people",
    ),
    "errors": ("EmulatorError", "FaultError", "NoAddressError", "SeedError", "WrongOptionError"),
    "faults": ("Fault", "FaultKind", "FaultScript", "Rule", "When"),
    "faults.injection": ("ConnectionDropped",),
    "faults.parser": ("read_rule",),
    "mail.maildir": ("received_emails",),
    "mail.mailer": ("open_mailer",),
    "middleware": ("Entry", "MiddlewareOptions", "RequestLog", "add_middleware"),
    "openapi": ("openapi_document",),
    "seed": ("load_seed",),
    "seed.entries": ("GeneratedKey", "KeyKind"),
    "server": ("LogFile", "serve"),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
_FORMER_NAMES = {
    "ConnectionCut": "ConnectionDropped",
    "Instruments": "MiddlewareOptions",
    "MadeKey": "GeneratedKey",
    "Quirk": "BehaviorFlag",
    "instrument": "add_middleware",
    "open_post": "open_mailer",
    "received_letters": "received_emails",
}
"""Names of 0.1.0 that still work."""


if not TYPE_CHECKING:  # mypy would accept any name

    def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
        known = _FORMER_NAMES.get(name, name)
        if known not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_MODULE_OF[known]}"), known)
