"""Notices after an action. URLs carry a notice's name, not its text, so a link cannot inject a message."""

from __future__ import annotations

from enum import Enum


class Notice(Enum):
    """A notice; its value is the text shown."""

    SIGNED_OUT = "You are signed out."
    LINK_SENT = (
        "A sign-in link was sent. It is valid for 15 minutes. To see the e-mails that the emulator has sent, run "
        "beamctl emulator mail."
    )
    ACCEPTED = "You accepted the invitation and are now a member."
    ACCEPTED_SIGNED_OUT = (
        "The invitation is accepted. Sign in to the account it was for to open the workspace: the link in the e-mail "
        "alone does not sign you in."
    )
    DECLINED = "You declined the invitation."
    LEFT = "You left the workspace."
    WORKSPACE_CREATED = "The workspace was created. You are its admin."
    WORKSPACE_DELETED = "The workspace and everything in it were deleted."
    INVITED = "The invitation was created."
    ROLE_CHANGED = "The role was changed."
    REMOVED = "The member was removed."
    REVOKED = "The invitation was revoked."
    ACCOUNT_CHANGED = "The service account was changed."
    ACCOUNT_DELETED = "The service account was deleted. Its credentials no longer work."
    KEY_DELETED = "The API key was deleted. It no longer works."
    SETTINGS_CHANGED = "The settings were saved."

    @property
    def slug(self) -> str:
        """Its name in a URL."""
        return self.name.lower().replace("_", "-")


def by_slug(slug: str) -> str:
    """The text of the notice with this slug; empty if there is none."""
    return _WORDS.get(slug, "")


_WORDS = {notice.slug: notice.value for notice in Notice}
