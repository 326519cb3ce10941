"""GitLab's Terraform report: the numbers of creations, updates and deletions that a merge request shows. The same file
has the changes as `terraform show -json` writes them, for tools that read Terraform plans."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from beamctl.model.text import printable
from beamctl.plan.change import Change
from beamctl.plan.plan_json import change_data
from beamctl.report.data import ReportData

_FORMAT_VERSION = "1.2"
"""Of Terraform's plan format."""
_MOST = 999_999
"""GitLab shows no larger number."""
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9_-]|^(?=[^A-Za-z_])")


def report(data: ReportData) -> str:
    """The counts, then the changes, deletions first.

    If a workspace failed, there are no counts, because they would look complete: GitLab then shows that a report could
    not be generated.
    """
    changes = [_change(plan.workspace, change) for plan in data.plans for change in plan.changes]
    counts = Counter(each["change"]["actions"][0] for each in changes)
    order = ("delete", "update", "create")
    failed = {"errored": True, "complete": False} if data.failures else {}
    shown = {} if failed else {name: min(counts[name], _MOST) for name in reversed(order)}
    return (
        json.dumps(
            {
                **shown,
                "format_version": _FORMAT_VERSION,
                **failed,
                "resource_changes": sorted(changes, key=lambda each: order.index(each["change"]["actions"][0])),
            },
            indent=2,
        )
        + "\n"
    )


def _change(workspace: str, change: Change) -> Mapping[str, Any]:
    """One change. Its resource is one instance of a module named like the workspace."""
    ours = change_data(workspace, change)["change"]
    resource, name = f"beamctl_{change.kind}", printable(change.name)
    label = _NOT_IN_LABELS.sub("_", name)  # readers show it
    index = name.replace("\\", "\\\\").replace('"', '\\"').replace("${", "$${").replace("%{", "%%{")
    return {
        "address": f'module.{workspace}.{resource}.{label}["{index}"]',
        "module_address": f"module.{workspace}",
        "mode": "managed",
        "type": resource,
        "name": label,
        "index": name,
        "provider_name": "beamctl",
        "change": {**ours, "after_unknown": {}, "before_sensitive": {}, "after_sensitive": {}},
    }
