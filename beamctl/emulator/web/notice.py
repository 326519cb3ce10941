"""Notices after an action. URLs carry a notice's name, not its text, so a link cannot inject a message."""

from __future__ import annotations

from enum import Enum


class Notice(Enum):
    """A notice; its value is the text shown."""

    SIGNED_OUT = "You are signed out."
    LINK_SENT = (
        "A letter with a link to sign in is on its way; it is good for 15 minutes. The emulator keeps a copy of each "
        "letter: beamctl emulator mail shows them."
    )
    ACCEPTED = "You accepted the invitation: you are a member now."
    ACCEPTED_SIGNED_OUT = (
        "The invitation is accepted. Sign in to the account that it was for, and you are in the workspace: its letter "
        "alone lets nobody into an account."
    )
    DECLINED = "You declined the invitation."
    LEFT = "You left the workspace."
    WORKSPACE_CREATED = "The workspace is there, and you are its admin."
    WORKSPACE_DELETED = "The workspace is deleted, with everything in it."
    INVITED = "The invitation is made."
    ROLE_CHANGED = "The role is changed."
    REMOVED = "They are no longer a member."
    REVOKED = "The invitation is taken back."
    ACCOUNT_CHANGED = "The service account is changed."
    ACCOUNT_DELETED = "The service account is deleted; its credentials let nobody in any more."
    KEY_DELETED = "The API key is deleted; it lets nobody in any more."
    SETTINGS_CHANGED = "The settings are saved."

    @property
    def slug(self) -> str:
        """Its name in a URL."""
        return self.name.lower().replace("_", "-")


def by_slug(slug: str) -> str:
    """The text of the notice with this slug; empty if there is none."""
    return _WORDS.get(slug, "")


_WORDS = {notice.slug: notice.value for notice in Notice}
