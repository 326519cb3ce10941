"""The words about documents that are exported or edited: one template a code. See `wording` for the format."""

from __future__ import annotations

from collections.abc import Mapping

from beamctl.model.code import Code

DOCUMENT_TEMPLATES: Mapping[Code, str] = {
    # exported documents
    Code.EXPORTED_EXPIRED: "exported with an expired invitation: list or revoke",
    Code.EXPORTED_WITH_UNKNOWN_ROLE: "exported with an unknown role",
    Code.HAS_UNKNOWN_ROLE: "has the unknown role '{role}'",
    Code.HAS_UNKNOWN_SETTING: "has an unknown setting",
    Code.INVALID_ADDRESS: "{detail}",
    Code.INVISIBLE_IN_NAME: "has a name with an invisible character",
    Code.INVITED_ROLE_NOT_SHOWN: "invited, with a role that the API does not show",
    Code.KEYS_NOT_EXPRESSIBLE: (
        "its API keys are not managed, because a document cannot express all of them: {keys:some}"
    ),
    Code.KEYS_SHARE_NAME: "there are {count} named {name:quoted}",
    Code.KEY_END_NOT_SHOWN: (
        "expires on a date that the API does not show; secretTo: {{file: PATH}} sets the destination of a new one"
    ),
    Code.KEY_EXPIRED: "{name:quoted} expired on {date}",
    Code.KEY_LIFETIME_NOT_EXPRESSIBLE: (
        "expires on {date:or a date that the API does not show}; expiresIn cannot express {lifetime:quoted}, "
        "so a new one would not expire"
    ),
    Code.KEY_NAME_INVALID: "{name:quoted} is not a valid name",
    Code.KEY_NEVER_HANDED_OVER: "{name:quoted} was created but never handed over",
    Code.LEFT_OUT: "left out: {name} {why}",
    Code.MANAGED_BY_DIRECTORY: "is {role} through {source:spaced}, which manages them",
    Code.MAPPING_NOT_EXPRESSIBLE: "has a mapping that a document cannot express",
    Code.NEVER_HANDED_OVER: "was created, but its client secret was never handed over",
    Code.NOT_EXPRESSIBLE: "cannot be expressed in a document",
    Code.ROLE_IS_A_GUESS: "the API does not show its role, so admin is a guess: set the role that it should have",
    Code.SET_KEY_DESTINATION: "secretTo: {{file: PATH}} sets the destination of a new one",
    Code.SET_ROTATION: "expires on {date}; add rotateBefore: TIME and secretTo: {{file: PATH}} to renew it in time",
    Code.SET_SECRET_DESTINATION: "secretTo: {{file: PATH}} sets the destination of a new client secret",
    Code.SET_SECRET_SOURCE: "set the source of its secret: secret: {{apiKey: {{env: NAME}}, version: {version}}}",
    Code.SET_VALUE_VARIABLE: (
        "its value cannot be read: before it is sent again, set the variable, or use another source"
    ),
    Code.SET_SECRET_VARIABLE: "the secret is sent with every change: set the variable, or use another source",
    Code.SHARES_NAME: "shares its name with another account",
    Code.TOO_LONG: "is longer than a document allows",
    Code.VALUE_NOT_STRING: "has a value that is not a string",
    # documents that are edited to say what is live
    Code.ADOPT_LEFT: "left on {since}; remove them from leavers, or run `beamctl apply`",
    Code.ADOPT_ACCESS_ENDED: "access ended on {until}; set a later date, or run `beamctl apply`",
    Code.ADOPT_DOUBTFUL: "the response of the API may be wrong: {why}",
    Code.ADOPT_DUE: "it is due according to the document and was not changed by hand; run `beamctl apply`",
    Code.ADOPT_INVALID_DOCUMENT: "the document would be invalid: {detail}",
    Code.ADOPT_INVITATION_EXPIRED: "the invitation has expired, which a document cannot express; run `beamctl apply`",
    Code.ADOPT_IN_GROUP: (
        "access comes through {groups:and}: remove the person from the group, or the group from the workspace"
    ),
    Code.ADOPT_NAME_TAKEN: "the document already has an entry named {name}",
    Code.ADOPT_SECRET_VERSION: (
        "the version of its secret is {live}, and the document says {declared}; run `beamctl apply`, or "
        "edit secret.version"
    ),
    Code.ADOPT_STILL_DIFFERS: "the workspace would still differ from the document",
    Code.EDIT_BEHIND_ANCHOR: (
        "line {line} uses the anchor or alias {name}, whose text may count elsewhere too; edit it by hand"
    ),
    Code.EDIT_LOSES_COMMENT: "a comment inside it would be lost; edit it by hand",
    Code.EDIT_NOT_AS_INTENDED: "the edited document would not say exactly this; edit it by hand",
    Code.EDIT_NOT_UTF8: "the file is not UTF-8; save it as UTF-8",
    Code.EDIT_UNUSUAL_LAYOUT: "line {line} is laid out in a way that beamctl does not edit; edit it by hand",
}
