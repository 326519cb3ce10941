"""What the schema cannot say about a change to an API key that was read from a file."""

from __future__ import annotations

from beamctl.document.scalars import duration
from beamctl.kinds.api_key.decide import EXPIRES_IN, KIND, title
from beamctl.kinds.api_key.live import NEVER
from beamctl.kinds.create_with_secret import says_where
from beamctl.kinds.creation_key import is_creation_key
from beamctl.kinds.service_account.desired import LONGEST, is_name
from beamctl.plan.change import Change, Reason


def is_valid(change: Change) -> bool:
    """Whether its values belong together."""
    before, after = change.before or {}, change.after
    if after is None:
        replaced = change.reason is not Reason.NOT_HANDED_OVER or bool(change.depends_on)
        return replaced and (change.key, change.name) == (
            before["id"],
            title(before["account"], before["name"], before["id"]),
        )
    account, name, lives = after["account"], after["name"], duration(after[EXPIRES_IN])
    if not (is_name(account) and is_name(name)) or after["clientId"] == account or change.name != title(account, name):
        return False
    if after[EXPIRES_IN] != NEVER and (lives is None or lives > LONGEST):
        return False
    label = after["clientId"] or account
    keyed = is_creation_key(change.key, f"{label} / {name}") and change.serial_group == f"{KIND} {label}"
    return keyed and says_where(change.secrets)
