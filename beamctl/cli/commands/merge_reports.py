"""`beamctl merge-reports`: join the JSON reports of all shards of a run."""

from __future__ import annotations

from pathlib import Path

import click

from beamctl.apply.executor import is_not_permitted
from beamctl.cli import options
from beamctl.cli.commands.drift import exit_of_drift
from beamctl.cli.exits import Exit, exit_of, worst
from beamctl.cli.help import BeamctlCommand, Group, option
from beamctl.cli.output import Output
from beamctl.cli.reports import ReportFile, refuse_unwritable, write_reports
from beamctl.errors import UsageError
from beamctl.report.apply_text import totals
from beamctl.report.data import CommandName, ReportData
from beamctl.workflow.merge_reports import is_interrupted, merge_reports
from beamctl.workflow.plan_all import is_refused


@click.command(
    "merge-reports",
    cls=BeamctlCommand,
    examples=(
        "beamctl merge-reports reports/",
        "beamctl merge-reports reports/ --report markdown=drift.md",
    ),
)
@click.argument("folder", metavar="DIR", type=options.PathType())
@option(Group.OUTPUT, "--detailed-exitcode", is_flag=True, help="For plans: exit 2 if there are changes.")
@options.reports
@options.view
def command(*, folder: Path, detailed_exitcode: bool, reports: tuple[ReportFile, ...], out: Output) -> int:
    """Join the JSON reports of all shards of a run.

    DIR has a file of `--report json=FILE` for each shard of a plan, drift or apply, also in subdirectories. Exits as
    the run over all workspaces would, and 1 if a shard is missing: then nothing is known about its workspaces. It is an
    error if the files are of different runs.
    """
    if any(each.format == "junit" for each in reports):
        hint = "Let each shard write its own:  --report junit=FILE"
        raise UsageError("--report junit: reports to merge do not list what is declared and unchanged", hint)
    refuse_unwritable(reports, (), None, None)
    data = merge_reports(folder)
    if out.json:
        from beamctl.report.json_report import report

        out.result(report(data))
    else:
        from beamctl.report.text_report import report

        out.result(report(data))
    write_reports(reports, data, out)
    failed = [exit_of(each.code) for each in data.failures]
    return worst(_exit_of(data, out), *failed, _differs(data, detailed=detailed_exitcode))


def _exit_of(data: ReportData, out: Output) -> Exit:
    """The exit code of the command that was run, if no workspace failed."""
    match data.command:
        case CommandName.DRIFT:
            return exit_of_drift(data, out)
        case CommandName.PLAN:
            return Exit.REFUSED if is_refused(data.plans, data.allowed) else Exit.DONE
        case CommandName.APPLY:
            return worst(_refused(data), *_results(data))


def _refused(data: ReportData) -> Exit:
    """Whether plans were refused: of an apply, one that was not begun."""
    begun = {plan.workspace for plan, _ in data.results}
    left = [plan for plan in data.plans if plan.workspace not in begun]
    return Exit.REFUSED if is_refused(left, data.allowed) else Exit.DONE


def _results(data: ReportData) -> list[Exit]:
    if is_interrupted(data):
        return [Exit.INTERRUPTED]
    found = []
    for _, events in data.results:
        incomplete = Exit.NOT_ALLOWED if is_not_permitted(events) else Exit.PARTLY
        found.append(Exit.DONE if totals(events).complete else incomplete)
    return found


def _differs(data: ReportData, *, detailed: bool) -> Exit:
    is_plan = data.command is CommandName.PLAN
    return Exit.DIFFERS if detailed and is_plan and any(plan.changes for plan in data.plans) else Exit.DONE
