"""A saved plan: what was reviewed, what it depends on, how long it is valid, and a digest of all of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from beamctl.document.schema import conforms, quick_check, violation
from beamctl.errors import UsageError
from beamctl.model.strict_json import read_json
from beamctl.plan.change import key_data
from beamctl.plan.comparison import CLOCKS_APART
from beamctl.plan.guards import declared_data
from beamctl.plan.hazard import Allowance
from beamctl.plan.plan import Plan
from beamctl.plan.plan_json import FORMAT_VERSION, READABLE_VERSIONS, plans_data
from beamctl.plan.plan_reader import UndecodableError, allowed_of, plan_of

LARGEST = 64 * 1024 * 1024
"""Maximum size of a plan file in bytes: several hundred thousand changes."""

LONGEST = timedelta(days=30)
"""Maximum validity of a saved plan."""

_AGAIN = "Create a new one:  beamctl plan --out FILE"
BY_HAND = "It was created by hand or by another version of beamctl."
"""Hint for a change that beamctl would not plan."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Plans that were saved together.

    Attributes:
        plans: One per workspace.
        allowed: The hazards that were allowed when planning.
        workspace_ids: By workspace, the API's id of it; empty if the API does not show one.
        commit: Of the documents; empty if there is none.
        expires: Until when the plans may be applied.
        digest: Of everything else; records refer to a saved plan by it.
        signer: Who signed the file; empty if that was not verified. Not in the digest.
        missing: The other workspaces of the run: they could not be planned.
    """

    plans: tuple[Plan, ...]
    allowed: tuple[Allowance, ...]
    workspace_ids: Mapping[str, str]
    commit: str
    created: datetime
    expires: datetime
    digest: str = ""
    signer: str = ""
    missing: tuple[str, ...] = ()


def saved_text(saved: Saved) -> str:
    """The file's content. It contains no secret, because plans contain none."""
    data = _data(saved)
    data["saved"]["digest"] = digest_of(data)
    return json.dumps(data, indent=2, ensure_ascii=True) + "\n"


def read_saved(content: bytes, name: str) -> Saved:
    """Parse a plan file.

    Args:
        content: The file's content.
        name: The path as the user wrote it.

    Raises:
        UsageError: The file is truncated, modified, or not a saved plan.
    """
    data = _parsed(content, name)
    if not isinstance(data, dict) or "format_version" not in data or "resource_changes" not in data:
        raise UsageError(f"{name} is not a beamctl plan", _AGAIN)
    if all(data["format_version"] != each for each in READABLE_VERSIONS):
        message = f"{name} has a format that this version of beamctl cannot read (expected {FORMAT_VERSION})"
        raise UsageError(message, f"Apply it with the version that created it, or create a new one.\n{_AGAIN}")
    if "saved" not in data:
        raise UsageError(f"{name} is the output of `beamctl plan -o json`, not a saved plan", _AGAIN)
    recorded = data["saved"].get("digest") if isinstance(data["saved"], dict) else None
    if recorded != digest_of(data):
        raise UsageError(f"{name} was modified after it was saved", _AGAIN)
    if not quick_check("plan")(data):
        if change := _unplanned(data["resource_changes"]):  # first, because all violations take long to find
            message = f"{name} has a change that beamctl would not plan: {change['action']} {change['name']}"
            raise UsageError(message, BY_HAND)
        if why := violation(data, "plan"):
            raise UsageError(f"{name} is not a beamctl plan: {why}", _AGAIN)
    try:
        return _decoded(data)
    except ValueError as error:  # UndecodableError, or an invalid date
        raise UsageError(f"{name} is not a beamctl plan: {error}", _AGAIN) from None


def refuse_untimely(saved: Saved, name: str, now: datetime) -> None:
    """Refuse a plan with implausible dates.

    Raises:
        UsageError: It was created in the future, or is valid for longer than any plan may be.
    """
    if saved.created - now > CLOCKS_APART:
        message = f"{name} was created in the future, on {_written(saved.created)}"
        raise UsageError(message, f"Check the clocks of this machine and of the one that created the plan.\n{_AGAIN}")
    if saved.expires - now > LONGEST:
        message = f"{name} is valid until {_written(saved.expires)}, which is more than {LONGEST.days} days from now"
        raise UsageError(message, _AGAIN)


def origin_of(saved: Saved) -> dict[str, Any]:
    """When plans were created, from which commit, until when they are valid, and what is missing, as plain data."""
    return {
        "created_at": _written(saved.created),
        "expires_at": _written(saved.expires),
        "commit": saved.commit,
        **({"missing": list(saved.missing)} if saved.missing else {}),
    }


def _unplanned(changes: Any) -> Mapping[str, Any] | None:  # noqa: ANN401 - any JSON
    """The first entry that is a change, but not one of those that beamctl plans."""
    found = (each for each in changes if conforms(each, "resourceChange")) if isinstance(changes, list) else ()
    return next((each for each in found if not conforms(each, "plannedChange")), None)


def _parsed(content: bytes, name: str) -> Any:  # noqa: ANN401 - any JSON
    if len(content) > LARGEST:
        raise UsageError(f"{name} is larger than {LARGEST // 1024 // 1024} MiB, which is too large for a plan", _AGAIN)
    try:
        return read_json(content)
    except ValueError:
        truncated = content.lstrip()[:1] == b"{" and not content.rstrip().endswith(b"}")
        fault = "is truncated" if truncated else "is not JSON, so it is not a beamctl plan"
        raise UsageError(f"{name} {fault}", _AGAIN) from None


def digest_of(data: Mapping[str, Any]) -> str:
    """The digest of plans as plain data, excluding the digest itself; independent of the order of keys."""
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
    """Everything except the digest."""
    data = plans_data(saved.plans, saved.allowed)
    for entry, plan in zip(data["workspaces"], saved.plans, strict=True):
        entry["workspace_id"] = saved.workspace_ids.get(plan.workspace, "")
        entry["quorums"] = {
            kind: {"keys": list(quorum.keys), "at_least": quorum.at_least} for kind, quorum in plan.quorums.items()
        }
        entry["seen"] = dict(plan.seen)
        entry.update(declared_data(plan.declared))
        entry["prior_state"] = [
            {"type": kind, "key": key_data(key), "was": was, "fingerprint": fingerprint(was)}
            for kind, objects in sorted(plan.prior_state.items())
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
        missing=tuple(data["saved"].get("missing", ())),
    )
    if saved.expires - saved.created > LONGEST:
        raise UndecodableError(f"it would be valid for more than {LONGEST.days} days")
    for plan in saved.plans:
        _check_preconditions(plan)
    ours = _data(saved) | {name: data[name] for name in ("beamctl_version", "format_version")}
    if digest_of(ours) != saved.digest:  # redundant fields (fingerprints, counts) must match
        raise UndecodableError("it contradicts itself")
    return saved


def _check_preconditions(plan: Plan) -> None:
    needed = [(change.kind, change.key) for change in plan.changes]
    needed += [(kind, key) for kind, quorum in plan.quorums.items() for key in quorum.keys]
    for kind, key in needed:
        if key not in plan.prior_state[kind]:
            raise UndecodableError(f"it does not record the live state of {key}")
    for change in plan.changes:
        was, before = plan.prior_state[change.kind][change.key], change.before
        if {**(was or {}), **(before or {})} != (was or {}) or (was is None) is not (before is None):
            raise UndecodableError(f"it has two different previous states of {change.name}")


def _written(when: datetime) -> str:
    return (when.astimezone(UTC).replace(tzinfo=None)).isoformat(timespec="seconds") + "Z"
