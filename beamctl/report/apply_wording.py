"""The words of the results of changes, and of hints: one template a code. See `wording` for the format."""

from __future__ import annotations

from collections.abc import Mapping

from beamctl import errors
from beamctl.model.code import Code

APPLY_TEMPLATES: Mapping[Code, str] = {
    **{
        Code(each.code): "{detail}"
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.BeamctlError)
    },
    # causes
    Code.API_ANSWERED: "the API responded with {status}{detail:after : }",
    Code.BUG: "beamctl has a bug: {error}",
    Code.SECRET_EMPTY: "it is empty",
    Code.INTERRUPTED: "interrupted",
    Code.INTERRUPTED_BETWEEN_CALLS: "interrupted between API calls",
    Code.LISTING_UNREADABLE: "the {section} could not be read again: {detail}",
    Code.NONE_SHOWN: "the API shows none",
    Code.NOTHING_PERMITTED: "the API forbids every change with this credential",
    Code.NOTHING_SENT: "nothing was sent",
    Code.NOT_SHOWN: "the API does not show it",
    Code.NO_ACCESS_TO_SECRETS: "there is no access to secrets",
    Code.SERVER_ERROR: "{host} responded with HTTP {status}: {detail}",
    Code.RECORDED: "{text}",
    Code.ROLE_NOT_SHOWN: "the API does not show the role",
    Code.SHOWN_DIFFERENTLY: "the API shows something else",
    Code.SOURCE_INVALID: "its source is invalid",
    # results
    Code.ACCEPTED_BUT_DIFFERENT: "the API accepted the change but shows something else",
    Code.ALREADY_GONE: "was already gone",
    Code.ALREADY_IN_EFFECT: "is already in effect",
    Code.CHANGED_MEANWHILE: "{names} changed in the meantime",
    Code.CHANGED_NOT_UPDATED: "changed since the plan was made, so it was not updated",
    Code.CHANGED_SINCE_PLAN: "it changed since the plan was made: {changes}",
    Code.DELETION_NOT_CONFIRMED: "the API does not confirm that it is gone",
    Code.DEPENDENCIES_NOT_DONE: (
        "it depends on {needed} of {total} changes, and {names:some} {count:plural was|were} not done"
    ),
    Code.DEPENDENCY_NOT_DONE: "it depends on {names:some}, which {count:plural was|were} not done",
    Code.EXISTS: "already exists",
    Code.EXISTS_SECRET_UNKNOWN: "exists, but its secret may be a different one",
    Code.EXISTS_WITH_OTHER: "already exists, with a different {names}",
    Code.NOT_CHANGED: "{why}; nothing was changed{role:after : the role is }",
    Code.NOT_DELETED: "{why}; it was not deleted",
    Code.NOT_REVERTED: "it was not reverted: {detail}",
    Code.NOW_IN_USE: "is now in use by {users:some}, which the plan does not list; it was not deleted",
    Code.NO_LONGER_EXISTS: "{name} no longer exists",
    Code.NO_LONGER_SHOWN: "the API no longer shows {name}",
    Code.RESULT_UNKNOWN: "{why}; it is not known whether it was made",
    Code.RESULT_UNREADABLE: "{why}; the result is unknown: {detail}",
    Code.RETURNED_DIFFERENT: "the API accepted the change but returned a different {names}",
    Code.SECRET_UNAVAILABLE: "the secret {name} is not available: {detail}; nothing was sent",
    Code.USAGES_UNREADABLE: "its usages cannot be read: {detail}; it was not deleted",
    Code.VALUE_WAS: "{path} was {was:or nothing} and is now {now:or nothing}",
    # invitations
    Code.ALREADY_INVITED: "is already invited",
    Code.ALREADY_MEMBER: "is already a member",
    Code.ALREADY_MEMBER_AS: "is already a member, with the role {role}",
    Code.GRANTS_TOO_MUCH: "the invitation grants {role} instead of {desired}, and the API does not change it",
    Code.INVITATION_OF_ANOTHER: "the API returned an invitation of {returned} instead of {email}",
    Code.INVITED: "invited",
    Code.INVITED_ANEW: "revoked and invited again, which sent another e-mail",
    Code.NOT_REVOKED: "{why}; it could not be revoked: {detail}",
    Code.REFUSED_AND_NOT_SHOWN: "{why}; the API shows no member or invitation of {email}",
    Code.RETURNED_ANOTHER_ROLE: "the API returned the role '{role}' instead of '{desired}'",
    Code.REVOKED: "{why}; it was revoked",
    Code.REVOKED_NOT_SENT: "revoked because its role could not be changed; not sent again: {detail}",
    Code.ROLE_DEFERRED: "{how} as {role}; the first apply after the invitation is accepted sets the role {desired}",
    Code.ROLE_NOT_SHOWN_YET: (
        "{how}, with a role that the API does not show; the first apply after the invitation is accepted sets the "
        "role {desired}"
    ),
    Code.STILL_GRANTS: (
        "the invitation still grants {role:or a role that the API does not show} instead of {desired}: {detail}"
    ),
    # service accounts and API keys
    Code.ACCOUNTS_CHANGED: "accounts with this name changed since the plan was made, so it was not created",
    Code.ACCOUNTS_UNREADABLE: "the service accounts cannot be read: {detail}",
    Code.ACCOUNT_NOT_MARKED: "its account could not be marked, so it was not created: {detail}",
    Code.CREATED_BY_OTHER_RUN: (
        "another run created one with the same name at the same time, so this one was deleted again"
    ),
    Code.CREATED_MEANWHILE: "was created in the meantime, by another run or manually",
    Code.DELETED_AGAIN: "{why}; the {secret:object} was deleted again",
    Code.DELETED_AGAIN_VALUE_LEFT: (
        "{why}; the {secret:object} was deleted again, so its destination may hold a useless value"
    ),
    Code.DELETED_BY_OTHER_RUN: "another run mistook it for one of an interrupted run and deleted it",
    Code.DESCRIPTION_NOT_ACCEPTED: "the API did not accept the description",
    Code.DESTINATION_UNKNOWN: "{why}; it is not known whether {where} holds {secret:it}",
    Code.HANDED_OVER: "id {id}; {secret:it} went to {where:and}{remark:after , and }",
    Code.HANDED_OVER_MEANWHILE: "its client secret was stored in the meantime",
    Code.HAS_KEYS: "it has API keys now",
    Code.ITS_ACCOUNT_GONE: "its account is gone",
    Code.ITS_ACCOUNT_NOT_FOUND: "its service account {name} does not exist, or its name is not unique",
    Code.ITS_ACCOUNT_UNREADABLE: "its account cannot be read: {detail}",
    Code.ITS_KEYS_UNREADABLE: "its API keys cannot be read: {detail}",
    Code.ITS_ROLE_NOT_SHOWN: "the API does not show its role",
    Code.KEYS_OF_UNREADABLE: "the API keys of {name} cannot be read: {detail}",
    Code.KEYS_UNREADABLE: "the API keys cannot be read: {detail}",
    Code.MARKER_MAY_REMAIN: (
        "{secret:it} was stored, but its marker may remain: {detail}; if so, the next apply replaces it"
    ),
    Code.MAY_STILL_EXIST: "{why}; the {secret:object} {id} may still exist ({detail}): the next apply replaces it",
    Code.MISTAKEN_BY_OTHER_RUN: "another run mistook this one for one of an interrupted run",
    Code.NOT_CREATED: "{why}; the API shows no new {secret:object}",
    Code.NOT_HANDED_OVER: "{secret:it} could not be stored: {detail}",
    Code.NO_NEWER_KEY: "there is no longer a newer key",
    Code.NO_REPLACEMENT: "there is no replacement",
    Code.NO_SECRET_RETURNED: "the API returned no {secret:spaced}; the next apply replaces it",
    Code.OTHER_RUN_CREATES: "another run is creating it, or was stopped before {secret:it} was stored",
    Code.OTHER_RUN_HANDED_OVER: "another run stored a key at the same time",
    Code.PENDING_STATE_UNREADABLE: "it cannot be read whether its client secret was stored: {detail}",
    Code.PREVIOUS_KEY_CHANGED: "the marker of the previous key changed since the plan was made",
    Code.PREVIOUS_KEY_GONE: "the API no longer shows the previous key",
    Code.RETURNED_ANOTHER: "the API returned another {secret:object}",
    Code.SECRET_LOCATION_UNKNOWN: "{why}; it is not known where {secret:it} is",
    Code.SECRET_LOST: "{why}; it was created ({ids}), but its secret is lost: the next apply replaces it",
    Code.STILL_EXISTS: "{why}; the {secret:object} {id} still exists ({detail}): the next apply replaces it",
    # where secrets are
    Code.COMMAND: "the command {program}",
    Code.FILE: "the file {path}",
    Code.KEYRING_ENTRY: "the keyring entry {service} for {user}",
    Code.NO_DESTINATION: "the document does not say where to store it",
    Code.PLACE_UNUSABLE: "{place} {detail}",
    Code.SECRET_NOT_TEXT: "the API returned something that is not valid text",
    Code.STORED_NOT_SHOWN: "{place}; the terminal {detail}",
    Code.TERMINAL: "the terminal",
    Code.VARIABLE: "the environment variable {name}",
    # hints
    Code.ASK_HOW_TO_INVITE: "Ask the API's operator how to invite someone as {role}.",
    Code.CHECK_PERMISSIONS: "Check the entry and the credential's permissions. Then run `beamctl apply` again.",
    Code.CHECK_SOURCE: "Check its source, then run `beamctl apply` again.",
    Code.FIX_ENTRY: "Fix or remove the entry, or ask the API's operator. Then run `beamctl apply` again.",
    Code.FIX_OR_SKIP: (
        "Fix the problem that the API reports, or add the address to manage.skip for now. Then run `beamctl apply` "
        "again."
    ),
    Code.FIX_REPORTED_PROBLEM: "Fix the problem that the API reports. Then run `beamctl apply` again.",
    Code.FIX_SETTING: "Fix the value under settings, then run `beamctl apply` again.",
    Code.HINT: "{detail}",
    Code.IF_LOST_DELETE_IT: "If no one has it, delete the {secret:object} and run `beamctl apply` again.",
    Code.IF_NOT_DELETE_IT: "If it does not, delete the {secret:object} and run `beamctl apply` again.",
    Code.SET_UPDATED_AFTER: (
        "To send the value again, set updatedAfter to the current time in the document, then run `beamctl apply`."
    ),
    Code.INCREASE_SECRET_VERSION: "Increase secret.version in the document, then run `beamctl apply` again.",
    Code.REMOVE_FROM_USERS: "Remove it from what uses it, then run `beamctl apply` again.",
    Code.REPORT_BUG: "Please report it. Run `beamctl plan` to see the current state.",
    Code.REVOKE_IN_CONSOLE: "Revoke it in the console.",
    Code.RUN_APPLY: "Run `beamctl apply` again.",
    Code.RUN_APPLY_LATER: "Run `beamctl apply` again later, or allow a longer wait with --max-wait.",
    Code.RUN_PLAN: "Run `beamctl plan` to see the current state.",
    Code.RUN_PLAN_FOR_CHANGE: "Run `beamctl plan` to see the change.",
    Code.RUN_PLAN_TO_ALLOW: "Run `beamctl plan` to review it, and allow it if intended.",
    Code.RUN_SHOW: "Run `beamctl show` to see the result.",
    Code.USE_RETURNED_ADDRESS: (
        "If {returned} is the same person, use that address in the document. If not, revoke that invitation."
    ),
}
