"""Names the sender of an invitation for its recipient."""

from __future__ import annotations

import sqlite3

from beamctl.emulator.store import person, service_account


def display_name_of(db: sqlite3.Connection, invited_by: str) -> str:
    """The display name for an invitation's `invited_by`, such as `Ada Lovelace (ada@example.com)`."""
    if who := person.profile(db, invited_by):
        name = " ".join(who[key] for key in ("given_name", "family_name") if key in who)
        return f"{name} ({who['email']})" if name else who["email"]
    if name := service_account.name(db, invited_by):
        return f"The service account {name}"
    return "The operator of the control plane"
