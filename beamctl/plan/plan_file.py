"""A saved plan: exactly what was reviewed, with what it rests on, until when it holds and a digest of all of it.
Text in, values out. It must not know files, the clock or the API, nor whether the plan still holds (`stale`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beamctl.document.document import Document
from beamctl.document.schema import check
from beamctl.errors import UsageError
from beamctl.model.strict_json import read_json
from beamctl.plan.declared import declared_data
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import FORMAT_VERSION, plans_data
from beamctl.plan.plan_reader import UndecodableError, allowed_of, plan_of

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest plan file that is read: some hundred thousand changes."""

LONGEST = timedelta(days=30)
"""How long a saved plan may be good."""

CLOCKS_APART = timedelta(minutes=5)
"""How far ahead of our clock the clock may be by which a plan was created."""

_AGAIN = "Make it again:  beamctl plan --out FILE"
_SCHEMA = "plan"


@dataclass(frozen=True, slots=True)
class Saved:
    """Plans that were saved together.

    Attributes:
        plans: One a workspace.
        allowed: The hazards that were allowed when they were made.
        workspace_ids: By workspace, what tells it from another one of that name; empty where the API does not tell.
        commit: Of the documents they were made from; empty where there is none.
        created: When.
        expires: Until when they may be applied.
        digest: Of all of it; a saved plan is named by it in records.
    """

    plans: tuple[Plan, ...]
    allowed: tuple[Allowance, ...]
    workspace_ids: Mapping[str, str]
    commit: str
    created: datetime
    expires: datetime
    digest: str = ""


def saved_text(saved: Saved) -> str:
    """What is written into the file. It holds no secret: plans hold none."""
    data = _data(saved)
    data["saved"]["digest"] = digest_of(data)
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def read_saved(content: bytes, name: str) -> Saved:
    """The plans in a file.

    Args:
        content: What is in the file.
        name: The file as the user named it.

    Raises:
        UsageError: It is cut off, changed, or no saved plan at all.
    """
    data = _parsed(content, name)
    if not isinstance(data, dict) or "format_version" not in data or "resource_changes" not in data:
        raise UsageError(f"{name} is no plan of beamctl", _AGAIN)
    if data["format_version"] != FORMAT_VERSION:
        message = f"{name} has another format than this beamctl reads ({FORMAT_VERSION})"
        raise UsageError(message, f"Make it again with this beamctl, or apply it with the one that made it.\n{_AGAIN}")
    if "saved" not in data:
        raise UsageError(f"{name} was printed, not saved: it does not say what it rests on", _AGAIN)
    told = data["saved"].get("digest") if isinstance(data["saved"], dict) else None
    if told != digest_of(data):
        raise UsageError(f"{name} was changed after it was saved, so it is not what was reviewed", _AGAIN)
    problems = check(Document(name, data, {}, {}), _SCHEMA)
    if problems:
        raise UsageError(f"{name} is no plan of beamctl: {problems[0].message}", _AGAIN)
    try:
        return _decoded(data)
    except ValueError as error:  # UndecodableError, and a day that is not in the calendar
        raise UsageError(f"{name} is no plan of beamctl: {error}", _AGAIN) from None


def refuse_untimely(saved: Saved, name: str, now: datetime) -> None:
    """Refuse a plan that cannot have been saved by now.

    Raises:
        UsageError: It was created in the future, or is good for longer than any plan may be.
    """
    if saved.created - now > CLOCKS_APART:
        message = f"{name} was created in the future, on {_written(saved.created)}"
        raise UsageError(message, f"Check the clock of this machine and of the one that made the plan.\n{_AGAIN}")
    if saved.expires - now > LONGEST:
        message = f"{name} is good until {_written(saved.expires)}, which is more than {LONGEST.days} days from now"
        raise UsageError(message, _AGAIN)


def origin_of(saved: Saved) -> dict[str, str]:
    """When plans were made, from which commit, and until when they are good, as plain data."""
    return {
        "created_at": _written(saved.created),
        "expires_at": _written(saved.expires),
        "commit": saved.commit,
    }


def _parsed(content: bytes, name: str) -> Any:  # noqa: ANN401 - any JSON
    if len(content) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 1024 // 1024} MiB: it is no plan", _AGAIN)
    try:
        return read_json(content)
    except ValueError:
        cut = content.lstrip()[:1] == b"{" and not content.rstrip().endswith(b"}")
        what = "ends in the middle: it was cut off" if cut else "is no JSON, so it is no plan of beamctl"
        raise UsageError(f"{name} {what}", _AGAIN) from None


def digest_of(data: Mapping[str, Any]) -> str:
    """The digest of plans as plain data, the digest itself left out, whatever the order of the keys."""
    saved = data.get("saved")
    rest = {key: value for key, value in saved.items() if key != "digest"} if isinstance(saved, dict) else saved
    return _sha256({**data, "saved": rest})


def fingerprint(was: Mapping[str, Any] | None) -> str:
    """Of one object as the API shows it."""
    return _sha256(was)


def _sha256(data: Any) -> str:  # noqa: ANN401 - any JSON
    written = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return f"sha256:{hashlib.sha256(written.encode()).hexdigest()}"


def _data(saved: Saved) -> dict[str, Any]:
    """All of it but its digest."""
    data = plans_data(saved.plans, saved.allowed)
    for entry, plan in zip(data["workspaces"], saved.plans, strict=True):
        entry["workspace_id"] = saved.workspace_ids.get(plan.workspace, "")
        entry["relies_on"] = {kind: list(keys) for kind, keys in plan.relies_on.items()}
        entry["keeps"] = dict(plan.keeps)
        entry["seen"] = dict(plan.seen)
        entry.update(declared_data(plan.declared))
        entry["rests_on"] = [
            {"type": kind, "key": key, "was": was, "fingerprint": fingerprint(was)}
            for kind, objects in sorted(plan.rests_on.items())
            for key, was in sorted(objects.items())
        ]
    data["saved"] = origin_of(saved)
    return data


def _decoded(data: Mapping[str, Any]) -> Saved:
    entries: Sequence[Mapping[str, Any]] = data["workspaces"]
    changes: dict[str, list[Mapping[str, Any]]] = {}
    for each in data["resource_changes"]:
        changes.setdefault(each["module_address"], []).append(each)
    saved = Saved(
        plans=tuple(plan_of(entry, changes.get(entry["workspace"], ())) for entry in entries),
        allowed=tuple(allowance for entry in entries for allowance in allowed_of(entry)),
        workspace_ids={entry["workspace"]: entry.get("workspace_id", "") for entry in entries},
        commit=data["saved"]["commit"],
        created=datetime.fromisoformat(data["saved"]["created_at"]),
        expires=datetime.fromisoformat(data["saved"]["expires_at"]),
        digest=data["saved"]["digest"],
    )
    if saved.expires - saved.created > LONGEST:
        raise UndecodableError(f"it would be good for more than {LONGEST.days} days")
    for plan in saved.plans:
        _see_that_it_says_what_it_rests_on(plan)
    if saved.allowed and len(saved.plans) > 1:
        raise UndecodableError("it allows a hazard, and is about several workspaces")
    ours = _data(saved) | {"beamctl_version": data["beamctl_version"]}
    if digest_of(ours) != saved.digest:  # a fingerprint, a count, whatever is told twice
        raise UndecodableError("it does not agree with itself")
    return saved


def _see_that_it_says_what_it_rests_on(plan: Plan) -> None:
    needed = [(change.kind, change.key) for change in plan.changes]
    needed += [(kind, key) for kind, keys in plan.relies_on.items() for key in keys]
    for kind, key in needed:
        if key not in plan.rests_on[kind]:
            raise UndecodableError(f"it does not say what was read of {key}")
    for change in plan.changes:
        was, before = plan.rests_on[change.kind][change.key], change.before
        if {**(was or {}), **(before or {})} != (was or {}) or (was is None) is not (before is None):
            raise UndecodableError(f"it says two things of how {change.name} was")


def _written(when: datetime) -> str:
    return (when.astimezone(UTC).replace(tzinfo=None)).isoformat(timespec="seconds") + "Z"
