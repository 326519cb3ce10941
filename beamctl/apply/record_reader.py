"""Reads run records, also those of the first format. Readable even if the run was killed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from beamctl.apply.record import FORMAT_VERSION, Record, Run, State
from beamctl.document.schema import violation
from beamctl.model.code import Code
from beamctl.model.fact import Fact, fact, fact_data, fact_of
from beamctl.model.secret import SECRET_TO
from beamctl.model.strict_json import read_json
from beamctl.plan.change import CreationKey, key_data
from beamctl.plan.plan_reader import change_of

_LONGEST_CODE = 80
_FIRST_FORMAT = "1.0"
"""What beamctl 0.1.0 wrote."""


class UnreadableRecordError(ValueError):
    """The content is not a valid run record."""


def read_record(content: bytes) -> Record:
    """Parse a record. Its last line may be truncated if the run was killed.

    Raises:
        UnreadableRecordError: The content is something else, or was modified.
    """
    lines = lines_of(content)
    refuse_unlike(lines)
    try:
        return _record(lines[0], lines[1:])
    except ValueError as error:  # UndecodableError, or an unknown code
        raise UnreadableRecordError(str(error)) from None


def lines_of(content: bytes) -> list[Any]:
    """The complete lines of a record, as of the current format. Only the format version is checked.

    Raises:
        UnreadableRecordError: The content is something else.
    """
    try:
        lines = [read_json(line) for line in content.split(b"\n")[:-1]]
    except ValueError:
        raise UnreadableRecordError("a line is not JSON") from None
    if not lines or not isinstance(lines[0], dict) or lines[0].get("event") != "run":
        raise UnreadableRecordError("it is not a run record")
    return current_format(lines)


def current_format(lines: list[Any]) -> list[Any]:
    """The lines as beamctl writes them now. beamctl 0.1.0 wrote remarks as text.

    Raises:
        UnreadableRecordError: The format is unknown.
    """
    version = lines[0].get("format_version")
    if version == _FIRST_FORMAT:
        try:
            return [_from_first_format(line) for line in lines]
        except (AttributeError, KeyError, TypeError):
            raise UnreadableRecordError("a line is not valid") from None
    if version != FORMAT_VERSION:
        raise UnreadableRecordError("it has a format that this version of beamctl cannot read")
    return lines


def _from_first_format(line: Any) -> Any:  # noqa: ANN401 - any JSON
    if not isinstance(line, dict):
        return line
    names = {"doubt": "reason"}
    new = {names.get(name, name): value for name, value in line.items() if name != "remark"}
    if isinstance(text := line.get("remark"), str) and text:
        new["remark"] = fact_data(fact(Code.RECORDED, text=text))
    if line.get("event") == "run":
        new["format_version"] = FORMAT_VERSION
    if isinstance(changes := line.get("changes"), list) and all(isinstance(each, dict) for each in changes):
        new["changes"] = _changes_from_first_format(changes)
    return new


def _changes_from_first_format(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keys of creations were text, and a change named at most one other that it follows."""
    created = [each for each in changes if each.get("action") == "create" and SECRET_TO in (each.get("secrets") or {})]
    keys = {(each.get("type"), each.get("key")): _creation_key_data(str(each.get("key"))) for each in created}
    found = []
    for each in changes:
        new = {name: value for name, value in each.items() if name != "follows"}
        if "lane" in each:
            new["serial_group"] = new.pop("lane")
        new["key"] = keys.get((each.get("type"), each.get("key")), each.get("key"))
        if "follows" in each:
            new["depends_on"] = [{"type": each.get("type"), "keys": [each["follows"]], "at_least": 1}]
        if "depends_on" in new:
            new["depends_on"] = [
                one | {"keys": [keys.get((one["type"], key), key) for key in one["keys"]]} for one in new["depends_on"]
            ]
        found.append(new)
    return found


def _creation_key_data(text: str) -> str | dict[str, Any]:
    """`NAME`, `NAME (ID, ID)`, `NAME (ID | ID)` or `NAME (| ID)`."""
    name, _, ids = text.partition(" (")
    next_to, _, in_place_of = ids.removesuffix(")").partition("|")
    listed = ([each.strip() for each in side.split(",") if each.strip()] for side in (next_to, in_place_of))
    return key_data(CreationKey(name, *listed))


def refuse_unlike(lines: Iterable[Any]) -> None:
    """Refuse lines that violate the schema of records.

    Raises:
        UnreadableRecordError: A line is invalid.
    """
    if why := next(filter(None, (violation(line, "run") for line in lines)), ""):
        raise UnreadableRecordError(why)


def run_of(first: Mapping[str, Any]) -> Run:
    """The run described by the first line."""
    return Run(first["run"], first["at"], first["actor"], first["commit"], first["plan_digest"])


def state_of(line: Mapping[str, Any]) -> State:
    """The state of a change according to a line."""
    return {"started": State.UNKNOWN, "confirmed": State.DONE}.get(line["event"]) or State(line["event"])


def _record(first: Mapping[str, Any], rest: Sequence[Mapping[str, Any]]) -> Record:
    states: dict[str, State] = {}
    remarks: dict[str, Fact] = {}
    end: Mapping[str, Any] = {}
    for line in rest:
        if line["event"] == "end":
            end = line
        elif line["event"] != "run":
            states[line["address"]] = state_of(line)
            if "remark" in line:
                remarks[line["address"]] = _remark(line["remark"])
    return Record(
        run=run_of(first),
        workspace=first["workspace"],
        api=first["api_url"],
        runs_as=first["runs_as"],
        changes=tuple(change_of(each) for each in first["changes"]),
        states=states,
        remarks=remarks,
        ended=end.get("at", ""),
        interrupted=end.get("interrupted", False),
        left=end.get("left", {}),
        found=frozenset(line["address"] for line in rest if line.get("found")),
        only=tuple(first["only"]) if "only" in first else None,
    )


def _remark(data: Mapping[str, Any]) -> Fact:
    """The remark about a change. One that a newer version of beamctl wrote is shown as its code."""
    try:
        return fact_of(data)
    except ValueError:
        return fact(Code.RECORDED, text=str(data["code"])[:_LONGEST_CODE])
