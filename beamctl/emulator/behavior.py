"""Quirks: each answers an open question about the real API in the less likely way; the default is the likelier way."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Quirk(StrEnum):
    """A behavior that the real API may have instead of the assumed one.

    Attributes:
        meaning: What the emulator does, in one line.
    """

    meaning: str

    def __new__(cls, value: str, meaning: str) -> Self:
        """Create a quirk from its name and meaning."""
        quirk = str.__new__(cls, value)
        quirk._value_ = value
        quirk.meaning = meaning
        return quirk

    INVITE_IGNORES_ROLE = (
        "invite-ignores-role",
        "POST /users does not read `role`: whoever is invited becomes a member",
    )
    NO_ROLE_ON_PENDING = (
        "no-role-on-pending",
        "PUT /users/{email} answers 404 while the invitation is pending",
    )
    REINVITE_CONFLICTS = (
        "reinvite-conflicts",
        "POST /users answers 409 for an expired invitation too, which must be revoked first",
    )
    PUT_REPLACES = (
        "put-replaces",
        "a PUT clears the writable fields it is not given, except what must be there and a service account's role",
    )
    NO_INVITED_ROLE = (
        "no-invited-role",
        "pending entries among the users, and the answer to an invitation, show no `role`",
    )
    PENDING_WITHOUT_SUB = (
        "pending-without-sub",
        "pending entries show no `sub` and are not found by it, though the invitee may have an account",
    )
    ALLOW_LAST_ADMIN = (
        "allow-last-admin",
        "the last accepted admin can be demoted, be removed and leave",
    )
    NO_SERVICE_ACCOUNT_ROLES = (
        "no-service-account-roles",
        "service accounts show no `role`, and one that is sent is not read: every new one is an admin",
    )
    MASKED_KEYS = (
        "masked-keys",
        "the listing of API keys shows a mask as `apiKey`, instead of nothing",
    )
    BEAMLIT_ERA = (
        "beamlit-era",
        "every request is answered as one of the Beamlit era, also without an `X-Beamlit-` header",
    )
    SPEC_MERGES = (
        "spec-merges",
        "a PUT keeps the fields of a `spec` that it is not given, instead of replacing the `spec` as a whole",
    )
    MASKED_SECRETS = (
        "masked-secrets",
        "the `secret` of an integration connection is shown with its values masked, instead of not at all",
    )
    PENDING_IS_202 = (
        "pending-is-202",
        "POST /oauth/token answers 202, instead of 400, while a device login waits for its approval",
    )
    ECHOED_SECRETS = (
        "echoed-secrets",
        "the `secret` of an integration connection is kept, and shown, as it was sent",
    )
    SERVICE_ACCOUNTS_IN_USERS = (
        "service-accounts-in-users",
        "GET /users shows the service accounts too, each with its client id as `sub` and without an `email`",
    )
    USERS_TAKE_CLIENT_IDS = (
        "users-take-client-ids",
        "PUT /users/{client_id} sets the role of a service account",
    )
    SELF_REMOVAL_IS_403 = (
        "self-removal-is-403",
        "removing oneself is 403 instead of 400",
    )
    LAST_ADMIN_IS_409 = (
        "last-admin-is-409",
        "taking the last admin away is 409 instead of 400",
    )
    MISSING_WORKSPACE_IS_403 = (
        "missing-workspace-is-403",
        "a workspace that does not exist is 403, as is one that the caller is not in",
    )
    VIEWER_LIKE_MEMBER = (
        "viewer-like-member",
        "a viewer may do what a member may",
    )
    SHORT_INVITATIONS = (
        "short-invitations",
        "an invitation that is made expires after a day instead of 7",
    )
    INVITES_AS_ADMIN = (
        "invites-as-admin",
        "whoever is invited without a role, or with one that is not read, becomes an admin instead of a member",
    )
    LABEL_LIMITS = (
        "label-limits",
        "more than 16 labels, or one whose key or value has more than 63 characters, are 400",
    )
    ANY_WORKSPACE_NAME = (
        "any-workspace-name",
        "a new workspace may have a name of letters, digits, dots, hyphens and underscores, and no word is reserved",
    )
