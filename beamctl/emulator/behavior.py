"""Behavior flags: each answers an open question about the real API in the less likely way, and is off by default."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class BehaviorFlag(StrEnum):
    """A behavior that the real API may have instead of the assumed one.

    Attributes:
        meaning: What the emulator does, in one line.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Create a behavior flag from its name and meaning."""
        flag = str.__new__(cls, value)
        flag._value_ = value
        flag.meaning = meaning
        return flag

    INVITE_IGNORES_ROLE = ("invite-ignores-role", "POST /users ignores `role`: every invitee becomes a member")
    NO_ROLE_ON_PENDING = ("no-role-on-pending", "PUT /users/{email} answers 404 while the invitation is pending")
    REINVITE_CONFLICTS = (
        "reinvite-conflicts",
        "POST /users answers 409 for an expired invitation too; it must be revoked first",
    )
    PUT_REPLACES = (
        "put-replaces",
        "a PUT clears omitted writable fields, except required ones and a service account's role",
    )
    NO_INVITED_ROLE = ("no-invited-role", "pending users, and the response to an invitation, have no `role`")
    PENDING_WITHOUT_SUB = (
        "pending-without-sub",
        "pending users have no `sub` and are not found by it, even if the invitee has an account",
    )
    ALLOW_LAST_ADMIN = ("allow-last-admin", "the last accepted admin can be demoted or removed, and can leave")
    NO_SERVICE_ACCOUNT_ROLES = (
        "no-service-account-roles",
        "service accounts have no `role`, and a role that is sent is ignored: every new one is an admin",
    )
    MASKED_KEYS = ("masked-keys", "the listing of API keys has a masked `apiKey` instead of none")
    BEAMLIT_ERA = (
        "beamlit-era",
        "every request is handled as one of the Beamlit era, even without an `X-Beamlit-` header",
    )
    SPEC_MERGES = ("spec-merges", "a PUT keeps omitted fields of a `spec` instead of replacing the whole `spec`")
    MASKED_SECRETS = (
        "masked-secrets",
        "the `secret` of an integration connection is returned with masked values instead of omitted",
    )
    PENDING_IS_202 = ("pending-is-202", "POST /oauth/token answers 202 instead of 400 while a device login is pending")
    ECHOED_SECRETS = ("echoed-secrets", "the `secret` of an integration connection is stored and returned as sent")
    SERVICE_ACCOUNTS_IN_USERS = (
        "service-accounts-in-users",
        "GET /users includes the service accounts, with the client ID as `sub` and without an `email`",
    )
    USERS_TAKE_CLIENT_IDS = ("users-take-client-ids", "PUT /users/{client_id} sets the role of a service account")
    SELF_REMOVAL_IS_403 = ("self-removal-is-403", "removing yourself is 403 instead of 400")
    LAST_ADMIN_IS_409 = ("last-admin-is-409", "a change that would leave no admin is 409 instead of 400")
    MISSING_WORKSPACE_IS_403 = (
        "missing-workspace-is-403",
        "a nonexistent workspace is 403, like one that the caller has no access to",
    )
    VIEWER_LIKE_MEMBER = ("viewer-like-member", "a viewer has a member's permissions")
    SHORT_INVITATIONS = ("short-invitations", "new invitations expire after 1 day instead of 7")
    INVITES_AS_ADMIN = (
        "invites-as-admin",
        "invitees without a role, or whose role is ignored, become admins instead of members",
    )
    LABEL_LIMITS = ("label-limits", "more than 16 labels, or a key or value longer than 63 characters, are 400")
    ANY_WORKSPACE_NAME = (
        "any-workspace-name",
        "a new workspace's name may have letters, digits, dots, hyphens and underscores, and no word is reserved",
    )
