"""Shows an apply on the terminal or in the log of a CI job, and asks for approval."""

from __future__ import annotations

import os
import shlex
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from beamctl.apply.executor import is_not_permitted
from beamctl.apply.record import Event
from beamctl.cli.interaction import MANY, Progress, ask
from beamctl.cli.output import Output
from beamctl.errors import RefusedError
from beamctl.report.apply_text import (
    end_text,
    event_text,
    is_summarized,
    not_permitted_text,
)
from beamctl.report.approval_text import not_changed_text, progress_text, question_text
from beamctl.report.data import CommandName, ReportData
from beamctl.report.plan_text import plans_text
from beamctl.report.style import PLAIN, Style
from beamctl.workflow.apply_view import AppliedPlan, ApplyProgress, ApplyStatus, Review

_SAY_EVERY = 60.0
"""Seconds between two lines about the progress, if there is no terminal."""


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """What to show, and whether to ask.

    Attributes:
        saved: Whether a saved plan is applied.
        asks: Whether to ask for approval.
        no_input: Why no one can be asked; empty if someone can.
        verbose: Whether to list each change, however many there are.
    """

    saved: bool
    asks: bool
    no_input: str
    verbose: bool


class ApplyScreen:
    """Shows an apply: as text, or only notes, warnings and questions if the result is JSON."""

    def __init__(
        self,
        out: Output,
        stop: threading.Event,
        settings: ScreenSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = out
        self._stop = stop
        self._settings = settings
        self._clock = clock
        self._is_terminal = sys.stderr.isatty() and not out.quiet and os.environ.get("TERM") != "dumb"
        self._bar: Progress | None = None
        self._said: float | None = None
        self._several = False

    def show(self, review: Review) -> None:
        """See `ApplyView`."""
        self._several = review.several
        if not self._out.json:
            self._out.result(_text(review, self._out.style, verbose=self._settings.verbose))

    def note(self, text: str) -> None:
        """See `ApplyView`."""
        self._out.info(text)

    def warn(self, text: str) -> None:
        """See `ApplyView`."""
        self._clear()
        self._out.say(text)

    def confirm(self, review: Review) -> bool:
        """See `ApplyView`."""
        counts = {each.plan.workspace: len(each.plan.changes) for each in review.due if each.plan.changes}
        if not counts or not self._settings.asks:
            return False
        if why := self._settings.no_input:
            flags = "" if review.saved else "".join(f" --allow {shlex.quote(str(each))}" for each in review.allowed)
            hint = f"To apply without approval:  {review.command}{flags} --auto-approve"
            raise RefusedError(f"{why}, so nothing was changed", hint)
        if text := not_changed_text(review.failures):
            self._out.error(text)
        if ask(question_text(counts), _text(review, PLAIN, verbose=self._settings.verbose), self._out).strip() != "yes":
            raise RefusedError("not approved, so nothing was changed")
        return True

    def progress(self, progress: ApplyProgress) -> None:
        """See `ApplyView`."""
        if self._is_terminal:
            if self._bar is None and progress.of_changes:
                self._bar = Progress(self._out, progress.of_changes)
            if self._bar is not None:
                self._bar.show(ended=progress.changes)
        elif progress.of_runs > 1:
            now = self._clock()
            if self._said is None:
                self._said = now
            elif now - self._said >= _SAY_EVERY:
                self._said = now
                self._out.info(progress_text(progress.changes, progress.of_changes, progress.runs, progress.of_runs))

    def event(self, event: Event, total: int) -> None:
        """See `ApplyView`."""
        is_listed = self._settings.verbose or not self._is_terminal or total <= MANY or not is_summarized(event)
        text = event_text(event, self._out.style) if is_listed else ""
        if text and not self._out.json:
            self._clear()
            self._out.result(text + "\n")

    def ended(self, applied: AppliedPlan) -> None:
        """See `ApplyView`."""
        self._clear()
        name = applied.planned.plan.workspace
        try:
            if not self._out.json:
                stopped = self._stop.is_set()
                text = end_text(name, applied.events, saved=self._settings.saved, interrupted=stopped)
                self._out.result(f"{text}\n" if self._several else f"\n{text}")
        finally:
            if is_not_permitted(applied.events, any):
                link, some = applied.planned.link, applied.status is not ApplyStatus.NOT_PERMITTED
                self._out.say(not_permitted_text(name, link.credential_from, link.passed_over(), some=some))

    def _clear(self) -> None:
        if self._bar is not None:
            self._bar.clear()


def _text(review: Review, style: Style, *, verbose: bool) -> str:
    data = ReportData(
        CommandName.APPLY,
        [each.plan for each in review.planned],
        review.allowed,
        saved=review.saved,
        apply_command=review.command,
        failures=review.failures,
        scope=review.scope,
        order=review.order,
    )
    return plans_text(data, style, verbose=verbose) + "\n" * data.several  # the results follow
