"""The rules of machine formats: a stable identifier for each kind of finding, with its words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from beamctl.document.problem import ProblemCode
from beamctl.plan.change import Reason
from beamctl.plan.hazard import Risk
from beamctl.plan.three_way import Cause
from beamctl.report.drift_details_spans import CAUSES

_PREFIX = "beamctl/"


class RuleCode(StrEnum):
    """Findings that are neither a reason for a change, nor its cause, nor a hazard."""

    WORKSPACE_FAILED = "workspace-failed"
    LEFT_ALONE = "left-alone"
    LISTING_IN_DOUBT = "listing-in-doubt"
    COVERAGE_TOO_LOW = "coverage-too-low"
    KNOWN_DRIFT_OUTDATED = "known-drift-outdated"
    CHANGE_FAILED = "change-failed"
    CHANGE_NOT_CONFIRMED = "change-not-confirmed"
    CHANGE_NOT_ATTEMPTED = "change-not-attempted"


FoundBy = Reason | Cause | Risk | RuleCode | ProblemCode


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: Stable across versions: platforms track findings by it.
        title: A few words.
        text: What it means, in one or two sentences.
        help: What to do.
    """

    id: str
    title: str
    text: str
    help: str


_APPLY = "Run `beamctl plan` to see the changes, and `beamctl apply` to make them; or change the document."
_ADOPT = "Apply the document, or change it to say what the workspace shows."
_RETRY = "Fix the cause and run `beamctl apply` again. Completed changes are skipped."
_HAZARD = "If it is intended, allow it by name with `--allow`, as printed with the plan; otherwise change the document."
_CORRECT = "Correct the document as the message says. `beamctl validate` needs no credential and no network."
_ADMIN = "This hazard cannot be allowed. Keep or promote another admin first."

_RISKS: Mapping[Risk, str] = {
    Risk.LAST_ADMIN: "No accepted admin would remain, and no one could restore access.",
    Risk.SELF_LOCKOUT: "The change would take away the access that beamctl itself uses.",
    Risk.TOO_FEW_ADMINS: "Fewer accepted admins would remain than guards.minAdmins or --min-admins asks for.",
    Risk.MASS_REMOVAL: "More is taken away in one apply than guards.maxRemovals or --max-removals allows.",
    Risk.REMOVES_ADMIN: "A current admin would be removed or demoted.",
    Risk.REMOVES_PROTECTED: "A person under guards.protected or --protect would be removed or demoted.",
    Risk.RENAME_SUSPECT: "Someone is removed and a very similar e-mail is invited: they lose access until they accept.",
    Risk.UNMAPS_ADMINS: "A group would no longer be mapped to admin, and its members would lose that role.",
    Risk.UNMAPS_GROUP: "A group would no longer be mapped, or to a lower role, and its members would lose access.",
    Risk.DELETES_SERVICE_ACCOUNT: "A service account would be deleted: its credentials stop working, for good.",
    Risk.DELETES_API_KEY: "An API key that may be in use would be deleted: no run record shows that it was not stored.",
    Risk.GRANTS_OUTSIDE_DOMAIN: "A person outside guards.allowedDomains or --allowed-domains would be given access.",
    Risk.SHARES_OUTSIDE: "Something would be shared with a workspace that guards.allowedWorkspaces does not list.",
    Risk.LOOSENS_GUARDS: "The document permits more than in the last recorded run, or than at the commit of --base.",
    Risk.DELETES_POLICY_IN_USE: "A policy that is still in use would be deleted.",
    Risk.SECRET_SOURCE: "A secret would be read from a file outside the folder of the document, and sent to the API.",
    Risk.EMPTY_SECTION: "The document declares an empty section: everything in it would be removed.",
    Risk.LIVE_EMPTY: "The API returned an empty list that cannot be empty: it may be incomplete.",
    Risk.LIVE_WITHOUT_ADMINS: "The API shows members but no accepted admin: the listing may be incomplete.",
    Risk.LIVE_WITHOUT_US: "The API does not show the person that beamctl runs as: the listing may be incomplete.",
    Risk.LIVE_SHRANK: "The API shows much less than the last recorded run left: the listing may be incomplete.",
}
_REASONS: Mapping[Reason, tuple[str, str]] = {
    Reason.NOT_THERE: ("Not in the workspace", "The document declares something that the workspace does not have."),
    Reason.NOT_DECLARED: ("Not in the document", "The workspace has something that the document does not declare."),
    Reason.ROLE_DIFFERS: ("Different role", "The role in the workspace differs from the one in the document."),
    Reason.VALUE_DIFFERS: ("Different value", "A value in the workspace differs from the one in the document."),
    Reason.INVITATION_EXPIRED: ("Invitation expired", "A declared person has not accepted an invitation in time."),
    Reason.ACCESS_ENDED: ("Access ended", "The document ended the access of someone who still has it."),
    Reason.LEFT: ("Left", "Someone who left, according to `leavers`, still has access."),
    Reason.EXPIRES: ("Expires soon", "Something that the document declares expires and is due to be re-created."),
    Reason.NOT_HANDED_OVER: ("Secret not stored", "Something was created, but its secret was not stored."),
    Reason.SUPERSEDED: ("Replaced by a newer one", "Something still exists although a newer one replaced it."),
    Reason.UNDOES: ("Undoes a run", "The change reverts one that an earlier apply made."),
}
_CAUSES: Mapping[Cause, str] = {
    Cause.BY_HAND: "Someone changed the workspace; the document did not change.",
    Cause.NOT_APPLIED: "The document changed, and the change was not applied yet.",
    Cause.BOTH: "The workspace and the document both changed, differently.",
    Cause.UNKNOWN: "The workspace differs from the document, and there is no earlier document to compare both with.",
}
_OTHERS: Mapping[RuleCode, tuple[str, str, str]] = {
    RuleCode.WORKSPACE_FAILED: (
        "Workspace failed",
        "Nothing is known about the workspace, or nothing was changed in it. Earlier findings about it may still hold.",
        "Fix the cause, as the message says, and run it again.",
    ),
    RuleCode.LEFT_ALONE: (
        "Left alone",
        "The workspace differs from the document, and beamctl does not change it.",
        _ADOPT,
    ),
    RuleCode.LISTING_IN_DOUBT: (
        "Listing in doubt",
        "The API's response may be incomplete, so the comparison may be wrong.",
        "Run it again. If it stays like that, check the credential and the workspace in the console.",
    ),
    RuleCode.COVERAGE_TOO_LOW: (
        "Coverage too low",
        "Less of the workspace is managed than --require-coverage asks for.",
        "Declare what is listed, or list people in manage.skip.",
    ),
    RuleCode.KNOWN_DRIFT_OUTDATED: (
        "Known drift outdated",
        "An entry of the file of --known is past its day, or matches no difference.",
        "Remove the entry, or write a later day if the difference is still accepted.",
    ),
    RuleCode.CHANGE_FAILED: ("Change failed", "An apply could not make a change.", _RETRY),
    RuleCode.CHANGE_NOT_CONFIRMED: (
        "Change not confirmed",
        "The API accepted a change but does not show it.",
        "Run `beamctl plan` to see what the API shows now.",
    ),
    RuleCode.CHANGE_NOT_ATTEMPTED: ("Change not attempted", "An apply did not start a change.", _RETRY),
}


def rule_of(found_by: FoundBy) -> Rule:
    """The rule of a reason, a cause, a hazard or another code."""
    match found_by:
        case Reason():
            title, text = _REASONS[found_by]
            return Rule(_PREFIX + found_by.value.replace("_", "-"), title, text, _APPLY)
        case Cause():
            title = CAUSES[found_by]
            return Rule(_PREFIX + found_by.value, title[0].upper() + title[1:], _CAUSES[found_by], _ADOPT)
        case Risk():
            help_text = _ADMIN if found_by is Risk.LAST_ADMIN else _HAZARD
            return Rule(_PREFIX + found_by.value, f"Hazard: {found_by.value}", _RISKS[found_by], help_text)
        case RuleCode():
            return Rule(_PREFIX + found_by.value, *_OTHERS[found_by])
        case ProblemCode():
            title = found_by.value.replace("-", " ").capitalize()
            return Rule(
                f"{_PREFIX}document/{found_by.value}",
                title,
                "A document is invalid or probably not as intended.",
                _CORRECT,
            )


def all_rules() -> Iterator[Rule]:
    """Every rule, in a stable order."""
    for codes in (Risk, Reason, Cause, RuleCode, ProblemCode):
        yield from map(rule_of, codes)
