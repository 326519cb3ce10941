"""The words of notes and hazards: one template a code. See `wording` for the format."""

from __future__ import annotations

from collections.abc import Mapping

from beamctl.model.code import Code

PLAN_TEMPLATES: Mapping[Code, str] = {
    # people
    Code.ACCEPTED_SINCE: "{name} has since accepted the invitation and would lose access",
    Code.ACCESS_ENDS_SOON: "{email} loses access on {until} ({days} {days:plural day|days} from now)",
    Code.ADDRESS_INVALID: "{name} has an invalid address and is not invited again",
    Code.ADMINS_MISSING: "the API shows no admin, but {names:some} should be one: the listing may be incomplete",
    Code.ADMIN_DEMOTED: "{name} is an admin and would be demoted",
    Code.ALLOWED_DOMAINS: "{guard} ({domains:or an empty list})",
    Code.ALREADY_THERE: "{email} would be invited, but {there} is already in the workspace; {tag}",
    Code.DOMAIN_MAYBE_RENAMED: (
        "the domain may have changed: {count} people at {before} would be removed, and similar e-mails at {after} "
        "invited: each would have no access until the new one accepts; list both until then"
    ),
    Code.END_NOT_RECORDED: (
        "{name} is an admin, and no recorded run shows that `until: {until}` was declared before that day"
    ),
    Code.FEW_ADMINS: "{left} {left:plural accepted admin|accepted admins} after this plan; {guards:and}",
    Code.HAS_LEFT: "{name} is a leaver, and gets no access back: edit leavers, and run `beamctl plan`",
    Code.IDENTITY_UNKNOWN: (
        "beamctl does not know whose credential it uses, so it cannot detect a self-lockout: set guards.self"
    ),
    Code.INVITATION_HAD_EXPIRED: "{name} had an expired invitation: there is nothing to restore",
    Code.INVITED_AGAIN: "{name} is invited again, and has access after accepting",
    Code.IS_ADMIN: "{name} is an admin",
    Code.LEAVER_REMAINS: "{email} left on {since} ({reason}), but is {role} through {source:spaced}: remove them there",
    Code.MAYBE_RENAMED: (
        "the e-mail may have changed: {before} would lose access until {after} accepts; list both until "
        "then{tag:after ; }"
    ),
    Code.MAYBE_RENAMED_INVITEE: (
        "the e-mail may have changed: the invitation of {before} would be revoked, and {after} would have to accept a"
        " new one{tag:after ; }"
    ),
    Code.MEMBERS_MISSING: (
        "{names:some} should be unchanged but is no longer shown as a member: the listing may be incomplete"
    ),
    Code.NOT_YET_ADMINS: "{names:some} should be an admin but is not yet: too few would remain",
    Code.NO_ADMIN_LEFT: "every accepted admin would be removed or demoted; invited people are not admins yet",
    Code.NO_ADMIN_SHOWN: "the API shows no accepted admin among {count} {count:plural person|people}",
    Code.NO_LONGER_SKIPPED: "{email} is no longer skipped since {until} ({reason})",
    Code.ONLY_DIRECTORY_ADMINS_LEFT: (
        "only admins from the directory would remain, and a group of theirs would no longer be mapped to admin"
    ),
    Code.OUTSIDE_ALLOWED_DOMAINS: "{email} is outside {lists:and}",
    Code.PROTECTED: "{name} is protected by {guards:and}, and would be {loss:loss}",
    Code.PROTECTED_NOT_FOUND: (
        "guards.protected lists {email}, who is neither in the workspace nor under members: check the spelling"
    ),
    Code.ROLE_CANNOT_BE_RESTORED: "{name} had the role '{role}', which beamctl cannot set: set it in the console",
    Code.ROLE_FROM_DIRECTORY: (
        "{email} is {role} through {source:spaced}; {declared:after the document says |their access ended}: "
        "change it in the directory or in settings.groupMappings"
    ),
    Code.ROLE_ENDS_SOON: "{email} is {role} until {until} ({days} {days:plural day|days} from now), then {then}",
    Code.ROLE_PENDING: (
        "{email} is invited as {role}, and the API does not change the role of an invitation: the first apply after "
        "acceptance sets the role {desired}"
    ),
    Code.ROLE_WAS_NOT_SHOWN: "{name} had a role that the API did not show: set it in the console",
    Code.SELF_LOSES_ACCESS: "beamctl runs as {name}, who would be {loss:loss}",
    Code.SELF_NOT_SHOWN: "beamctl should run as {name}, who is not in the workspace: check guards.self",
    Code.SKIPPED: "{email} is skipped until {until}: {reason}",
    Code.SKIPPED_WITH_DOMAIN: "{email} is still skipped, with {pattern}: their own entry ended on {until}",
    Code.SKIPS_NO_ONE: "{skip}; no one with that address is in the workspace or under members",
    Code.SKIPS_NO_ONE_AT: "{skip}; no one at {domain} is in the workspace or under members",
    Code.TAG_MAY_BE_DROPPED: "the API may drop the +tag of an address: if so, write {email}",
    Code.TOO_FEW_ADMINS_LEFT: "{left} {left:plural accepted admin|accepted admins} would remain; {guards:and}",
    Code.TOO_MANY_INVITATIONS: (
        "{email}: invitation {number} expired, and no more are sent (guards.maxReinvites is {limit}): contact "
        "the invitee, or remove the entry"
    ),
    Code.TOO_MANY_REVOCATIONS: (
        "{email} was invited {times} times, and each invitation was revoked because it granted more than {role} "
        "(guards.maxReinvites is {limit}): declare another role, or ask the API's operator"
    ),
    Code.UNKNOWN_ROLE: "{email} has the unknown role '{role}' and is not changed: add them under members to set a role",
    # service accounts and API keys
    Code.ACCOUNTS_MISSING: (
        "{names:some} should be unchanged but is no longer shown as a service account: the listing may be incomplete"
    ),
    Code.ACCOUNT_CANNOT_BE_RESTORED: "{name} cannot be restored: a new account would have other credentials",
    Code.ACCOUNT_DELETED: "{name} would be deleted: its credentials stop working immediately and cannot be restored",
    Code.ACCOUNT_ROLES_NOT_SHOWN: "the API does not show roles of service accounts, so roles are not compared",
    Code.CLIENT_SECRET_PENDING: ("the client secret of {name} was not stored: remove clientId to replace the account"),
    Code.KEYS_NOT_READABLE: "the API keys of {name} cannot be read with this credential and are not changed",
    Code.KEY_AGE_UNKNOWN: "the API does not show when {name} was created, so it is not renewed in time",
    Code.KEY_CANNOT_BE_RESTORED: "{name} cannot be restored: the API shows a key only once",
    Code.KEY_EXPIRES: "{name} expires on {date}; set rotateBefore to have it renewed",
    Code.KEY_STAYS: "{name} is kept, because it may be in use: to delete it, remove it from the document",
    Code.MARKED_WITHOUT_RECORD: (
        "the description of {account} says that {secret:it} was not handed over, but no run record confirms it, so "
        "{name} is left alone; if nothing uses it, replace it with --allow {allow:shell}, otherwise remove that text"
    ),
    Code.NO_CLIENT_SECRET_DESTINATION: (
        "there is no destination for the client secret of {name}: add secretTo, or apply on a terminal with --reveal-"
        "secrets"
    ),
    Code.NO_KEY_DESTINATION: (
        "there is no destination for {name}: add secretTo, or apply on a terminal with --reveal-secrets"
    ),
    Code.OWN_ACCOUNT_LOST: "beamctl runs as {name}, which would be {loss:loss}",
    Code.OWN_ACCOUNT_NOT_SHOWN: "beamctl runs as the service account {name}, which the API does not show",
    Code.OWN_KEY_DELETED: "beamctl may run with {name}, which would be deleted",
    Code.PENDING_ACCOUNT_DELETED: (
        "{name} would be deleted: only a description says that its client secret was not handed over"
    ),
    Code.PENDING_KEY_DELETED: (
        "{name} would be deleted: only a description says that it was not handed over, so it may be in use"
    ),
    Code.ROLE_TO_SET: "{name} had the role '{role}': set it in the console",
    Code.SELF_NOT_FOUND: (
        "guards.self names {name}, which is neither in the workspace nor under {section}: check the spelling"
    ),
    # settings and resources
    Code.BUILT_IN_NOT_SHOWN: "{name} is built in, but the API does not show it; beamctl does not create it",
    Code.GROUP_MAPPED: "{name} is mapped to {role} now",
    Code.IN_USE: "{name} is in use by {users:some}",
    Code.NEWER_SECRET: (
        "{name} has version {version} of its secret, but the document says {declared}; a change would send the older "
        "secret, so it is not changed: set version {version} or higher"
    ),
    Code.NO_SECRET_SOURCE: (
        "the document sets no source for the secret of {name}: it is not known whether the API keeps the secret when "
        "the connection is updated"
    ),
    Code.NOTHING_TO_SHARE: "{name} is not among the {section:spaced} of this workspace, so it is not shared",
    Code.RECREATED_WITHOUT_SECRET: (
        "{name} is re-created without its secret, which cannot be read: set it in the console"
    ),
    Code.RESOURCES_MISSING: (
        "{names:some} should be unchanged but is no longer among the {section:spaced}: the listing may be incomplete"
    ),
    Code.SECRET_AGE_UNKNOWN: "the API does not show when {name} was last set, so updatedAfter has no effect",
    Code.SECRET_CANNOT_BE_RESTORED: "the earlier secret value of {name} cannot be restored",
    Code.SECRET_DUE_LATER: "updatedAfter of {name} is in the future, so its value is not sent again before {time}",
    Code.SETTING_CANNOT_BE_RESTORED: "{name} had a role that beamctl cannot set: set it in the console",
    Code.SHARED_BY_ANOTHER: "{name} belongs to the workspace {owner}, so only that workspace can share it",
    Code.SHARED_OUTSIDE: "{name} would be shared with {workspace}, which guards.allowedWorkspaces does not list",
    Code.SHARES_NOT_IN_API: "this API has no shares of {section:spaced}, so they are skipped",
    # the plan as a whole
    Code.ANY_DOMAIN_ALLOWED: "any domain is allowed, before only {before:or none}",
    Code.CHANGED_BY_WHOM: "it is not known whether that run or someone else changed {name}",
    Code.CHANGED_SINCE_RUN: "{name} changed since that run and is left alone",
    Code.CLOCK_AHEAD: (
        "this machine's clock is {minutes:duration} ahead of the API's ({here} here, {there} there): dates such as "
        "`until` follow the API's clock"
    ),
    Code.CLOCK_BEHIND: (
        "this machine's clock is {minutes:duration} behind the API's ({here} here, {there} there): dates such as "
        "`until` follow the API's clock"
    ),
    Code.CREDENTIAL_OWNER_UNKNOWN: (
        "the owner of the credential is unknown, so beamctl cannot tell whether this would remove your own access"
    ),
    Code.DOCUMENT_WARNING: "{message}: {hint}",
    Code.DROPPED_SINCE_BASE: "no longer declared since --base, and no longer managed: {names:and}",
    Code.GUARD_LOOSER: "guards.{guard} is looser than in the last recorded run: {change}{where:parenthesized}",
    Code.GUARD_LOOSER_THAN_BASE: "{guard} is looser than in {base}: {change}{where:parenthesized}",
    Code.KNOWN_DRIFT: "{name} is known drift, accepted until {until}: {reason}",
    Code.LIMIT: "{guard} is {limit}",
    Code.LISTING_EMPTY: "the API shows no {section}",
    Code.LISTING_SHRANK: "since the last recorded run, the API shows only {listings:and}",
    Code.LIST_ADDS: "adds {names}",
    Code.LIST_DROPS: "no longer lists {names}",
    Code.NEW_SINCE_BASE: "no document declared this workspace at {base}: there are no earlier guards to compare with",
    Code.OWN_ACCESS_REDUCED: "beamctl runs as {name}, whose access this would reduce",
    Code.PERCENT_LIMIT: "{guard} is {limit} of {total}, which is {allowed}",
    Code.REMOVALS_EXCEED_LIMIT: "{count} would lose access or be deleted; {limits:list}",
    Code.REPLACED: "{before} → {after:or not set}",
    Code.RUN_ALSO_CHANGED: "that run also changed {workspace}:  {command}",
    Code.RUN_INCOMPLETE: "that run did not make {count} of its changes",
    Code.SECRET_FROM_OUTSIDE: (
        "{part} of {name} would be read from {path}{leads_to:after , which leads to }, "
        "{source:after outside the folder of |elsewhere}"
    ),
    Code.SECTION_EMPTY: "{source} lists none under {section}",
    Code.SECTION_NOT_IN_API: "this API has no {section:spaced}, so the section is skipped",
    Code.SHOWN_OF: "{seen} of {before} {section}",
    # what cannot be read, and what a workspace contains
    Code.ANOTHER_WORKSPACE: "it is a different workspace with the same name",
    Code.CANNOT_BE_READ: "cannot be read: {detail}",
    Code.COUNTS_NO_LONGER_READABLE: "resource counts can no longer be read: {why}",
    Code.COUNT_HIGHER: "{name}: {now:number} instead of {before:number}",
    Code.KEYS_OF_NOT_READABLE: "those of {names:some} cannot be read with this credential",
    Code.NOT_A_WORKSPACE: "the API's response is not a workspace",
    Code.NOT_LISTED: "the API does not list them",
    Code.NOT_READABLE_WITH_CREDENTIAL: "cannot be read with this credential: {detail}",
    Code.NOW_INCLUDES: "{section} now include {name}{group:parenthesized}{more:more}",
    Code.NO_LONGER_COMPLETE: "{section} can no longer be read completely: {why}",
    Code.NO_LONGER_READABLE: "{section} can no longer be read: {why}",
}
