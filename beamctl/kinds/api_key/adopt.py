"""API keys in a document that is edited to say what is live.

A module of its own: only drift imports it."""

from __future__ import annotations

from beamctl.document.desired import Desired
from beamctl.document.document import Path
from beamctl.kinds.service_account.desired import KEYS, SECTION
from beamctl.plan.adoption import Adopter
from beamctl.plan.change import Change


class KeyAdopter(Adopter):
    """Adopts keys, as part of the entry of their service account."""

    def path(self, change: Change, _desired: Desired) -> Path:
        """Below the service account."""
        key = change.after or change.before or {}
        return SECTION, key["account"], KEYS, key["name"]
