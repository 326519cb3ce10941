"""Creates an account for a verified address, with the names from the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beamctl.emulator import rules
from beamctl.emulator.caller import Person
from beamctl.emulator.store import person
from beamctl.emulator.web.form import FormError, field

if TYPE_CHECKING:
    from beamctl.emulator.app import ControlPlane


def wrong_names() -> FormError | None:
    """An error in the names in the form; None if they are valid."""
    if not field("given_name"):
        return FormError("Enter your given name.", "given_name")
    for name in ("given_name", "family_name"):
        if rules.text(field(name)):
            return FormError(f"Enter a name of at most {rules.LONGEST_TEXT} characters.", name)
    return None


def open_account(plane: ControlPlane, email: str) -> tuple[Person, bool]:
    """Return the person with this address and whether the account is new. New accounts get the names in the form."""
    with plane.database.writing() as db:
        known = person.find(db, email)
        if known:
            return known, False
        made = person.sign_up(db, email, plane.now())
        person.describe(db, made.sub, field("given_name") or None, field("family_name") or None, mfa=False)
        return made, True
