"""The review of any command: each workspace, those that need attention first, and the verdict of all together.

A module of its own: the reviews of the single commands do not know each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import assert_never

from beamctl.errors import RefusedError
from beamctl.model.text import some
from beamctl.plan.plan import Plan
from beamctl.report.apply_text import counts_text, totals
from beamctl.report.data import CommandName, ReportData, WorkspaceFailure, without_repeated_hints
from beamctl.report.drift_details_spans import is_limited, uncovered_spans
from beamctl.report.outcomes import MOST_OUTCOMES, Ending, outcomes, place_spans, worst_outcomes
from beamctl.report.review.apply import apply_review
from beamctl.report.review.drift import drift_review
from beamctl.report.review.model import FailureReview, Overview, WorkspaceReview
from beamctl.report.review.plan import plan_review
from beamctl.report.review.verdict import changes_text, differences_text, loosens
from beamctl.report.shard_text import shard_text
from beamctl.report.spans import Spans, named, own, shown


def review(data: ReportData, digest: str) -> Overview:
    """What a reviewer sees of a command.

    Args:
        data: What the command found.
        digest: The digest of the plans.
    """
    reviews = [_of_workspace(data, plan) for plan in data.plans]
    ordered = sorted(reviews, key=_urgency)
    found = outcomes(data) if data.several else []
    said = worst_outcomes(found)
    failures = list(map(_failure, without_repeated_hints(data.failures)))
    hidden = sum(each.ending is not Ending.UNCHANGED for each in found) - len(said)
    verdict = ordered[0].verdict if len(ordered) == 1 and not failures else _together(data, ordered)
    return Overview(
        verdict=": ".join(filter(None, (shard_text(data.scope), verdict))),
        workspaces=ordered,
        about=_about(data, digest),
        failures=failures[:MOST_OUTCOMES],
        failed=_FAILED[data.command],
        outcomes=said,
        unlisted=(len(failures[MOST_OUTCOMES:]), hidden),
    )


_FAILED = {
    CommandName.PLAN: "These workspaces could not be compared, so nothing is known about them:",
    CommandName.DRIFT: "These workspaces could not be compared, so nothing is known about them:",
    CommandName.APPLY: "In these workspaces, not all changes were made, or it is not known:",
}


def _failure(failure: WorkspaceFailure) -> FailureReview:
    if failure.problems:
        problems = [
            (*named(f"{each.place.source}:{each.place.line}"), *own(": "), *named(each.message))
            for each in failure.problems
        ]
        return FailureReview(failure.workspace, place_spans(failure), own("its document is invalid"), problems)
    hints = [named(line) for line in failure.hint.splitlines() if line.strip()]
    return FailureReview(failure.workspace, place_spans(failure), named(failure.message), hints)


def _of_workspace(data: ReportData, plan: Plan) -> WorkspaceReview:
    scope = plan.workspace if data.several else ""
    command = f"{data.apply_command} -w {scope}" if scope else data.apply_command
    match data.command:
        case CommandName.PLAN:
            return plan_review(plan, data.allowed, command, scope)
        case CommandName.DRIFT:
            return drift_review(plan, data)
        case CommandName.APPLY:
            for begun, events in data.results:
                if begun.workspace == plan.workspace:
                    return apply_review(begun, events, data.allowed)
            found = plan_review(plan, data.allowed, command, scope)
            return replace(found, verdict=f"Not applied. {found.verdict}") if plan.changes else found
        case _:
            assert_never(data.command)


def _urgency(found: WorkspaceReview) -> tuple[bool, bool, bool]:
    return not found.kept, not any(each.is_refused for each in found.dangers), found.is_quiet


def _together(data: ReportData, reviews: Sequence[WorkspaceReview]) -> str:
    text = _of_plans(data, reviews) if reviews else ""
    if not data.failures:
        return text
    refused = sum(each.code == RefusedError.code for each in data.failures)
    counts = ((refused, "refused"), (len(data.failures) - refused, "failed"))
    failed = " and ".join(f"{count:,} {word}" for count, word in counts if count)
    return ". ".join(filter(None, (f"Of {_workspaces(len(data.workspaces))}, {failed}", text)))


def _workspaces(count: int) -> str:
    return f"{count:,} workspace{'s' * (count != 1)}"


def _of_plans(data: ReportData, reviews: Sequence[WorkspaceReview]) -> str:
    """What happens in the workspaces that have a plan."""
    where = _workspaces(len(reviews))
    is_refused = any(danger.is_refused for each in reviews for danger in each.dangers)
    match data.command:
        case CommandName.PLAN:
            changing = [plan for plan in data.plans if plan.changes or loosens(plan)]
            if not changing:
                return f"No changes in {where}"
            partial = "Partial plan: " if any(plan.partial for plan in data.plans) else ""
            return (
                f"{'Refused: ' if is_refused else ''}{partial}{changes_text(changing)}, in {len(changing):,} of {where}"
            )
        case CommandName.DRIFT:
            differing = [plan for plan in data.plans if plan.differs]
            low = sum(bool(uncovered_spans(plan.workspace, data.details)) for plan in data.plans)
            more = f"; coverage is too low in {low:,}" if low else ""
            if not differing:
                limited = any(is_limited(plan, data.details) for plan in data.plans)
                return f"No drift{', except what is not counted,' * limited} in {where}{more}"
            found = differences_text(differing) or "differences that beamctl leaves alone"
            return f"Drift: {found}, in {len(differing):,} of {where}{more}"
        case CommandName.APPLY:
            if not data.results:
                return (
                    f"Not applied to {where}" if any(plan.changes for plan in data.plans) else f"No changes in {where}"
                )
            count = totals([event for _, events in data.results for event in events])
            is_whole = count.complete and not data.failures and not is_refused
            return f"{'Applied' if is_whole else 'Apply is incomplete'}: {counts_text(count)}, in {where}"
        case _:
            assert_never(data.command)


def _about(data: ReportData, digest: str) -> Sequence[Spans]:
    from beamctl import __version__

    when = f" on {_moment(data.made)}" if data.made else ""
    facts = [(*own("plan "), *shown(digest)), own(f"reported by beamctl {__version__}{when}")]
    if (saved := data.saved) is not None:
        commit = (*own("of commit "), *named(saved.commit)) if saved.commit else own("of an unknown commit")
        facts += [own(f"saved {_moment(saved.created)}, valid until {_moment(saved.expires)}"), commit]
        facts += [(*own("not planned, because of an error: "), *named(some(saved.missing)))] if saved.missing else []
    return facts


def _moment(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
