"""All single edits of a saved plan or a run record by someone who knows the format. After each edit, everything derived
(addresses, order, fingerprints, flags, the digest) is updated to match."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any

from beamctl.plan.change import Action, Reason, Stage, key_of
from beamctl.plan.plan_file import fingerprint
from tests.fakes.saved_plans import signed

Data = Any
Path = tuple[Any, ...]
Edit = Callable[[Data], object]

DERIVED = frozenset({"fingerprint", "address", "mode", "actions", "digest", "refused", "allow"})
"""Keys that are updated after each edit, or have only one valid value."""
WORDS: dict[object, list[str]] = {
    "stage": [stage.name.lower() for stage in Stage],
    "action": [action.value for action in Action],
    "action_reason": [reason.value for reason in Reason],
    "role": ["admin", "member", "viewer"],
    "standing": ["accepted", "invited", "expired"],
}
EXTRAS: dict[str, Data] = {
    "depends_on": [{"type": "x", "keys": ["x"], "at_least": 1}],
    "serial_group": "x",
    "declared": {"owner": "x"},
    "secrets": {"secretTo": {"file": "x"}},
    "source": {"file": "x", "line": 1, "column": 1},
}
"""Optional keys of a change, to add to changes without them."""


def edits(data: Data) -> Iterator[tuple[str, Edit]]:
    """Each edit, with a description: each leaf replaced, in one place and everywhere; each key and item removed; each
    item repeated or moved; each optional key added."""
    places = [(path, value) for path, value in _walk(data) if not DERIVED.intersection(path)]
    texts: dict[object, list[str]] = {}
    for path, value in places:
        if isinstance(value, str):
            texts.setdefault(path[-1], []).append(value)
    for path, value in places:
        most = 2 if path[:1] == ("workspaces",) else None  # these values are all compared, shown or derived
        for other in _others(path[-1], value, texts)[:most] if not isinstance(value, dict | list) or not value else ():
            yield f"{path} = {other!r}", partial(_put, path, other)
        yield from _moves(path, value)
    for text in sorted({text for found in texts.values() for text in found if text}):
        yield f"{text!r} everywhere", partial(_put_everywhere, text, f"{text}x")
    for index, change in enumerate(_changes(data)):
        for key in sorted(EXTRAS.keys() - change.keys()):
            yield f"change {index} with {key}", partial(_put, (_where(data), index, key), EXTRAS[key])


def _moves(path: Path, value: Data) -> Iterator[tuple[str, Edit]]:
    if path:
        yield f"{path} removed", partial(_remove, path)
    if isinstance(value, list) and value:
        yield f"{path} with an item twice", partial(_repeat, path)
    if isinstance(value, list) and value[1:]:
        yield f"{path} the other way round", partial(_reverse, path)


def forged(data: Data, edit: Edit) -> bytes:
    """A saved plan after an edit."""
    whole = edited(data, edit)
    for workspace in whole.get("workspaces", ()):
        with suppress(KeyError, TypeError, AttributeError):
            for rest in workspace["prior_state"]:
                rest["fingerprint"] = fingerprint(rest["was"])
            workspace["prior_state"].sort(key=lambda each: (each["type"], _order(each["key"])))
            workspace["refused"] = any(each["refused"] for each in workspace["hazards"])
            for hazard in workspace["hazards"]:
                hazard["allow"] = f"{hazard['hazard']}={hazard['value']}" if hazard["allow"] is not None else None
    return signed(whole)


def edited(data: Data, edit: Edit) -> Data:
    """Data with changes after an edit. Whatever is derived from each change is updated, as far as possible."""
    whole = deepcopy(data)
    edit(whole)
    for change in _changes(whole):
        with suppress(KeyError, TypeError, AttributeError):
            sides = change["change"]["before"], change["change"]["after"]
            change["change"]["actions"] = ["create" if sides[0] is None else "delete" if sides[1] is None else "update"]
            name = change["name"].replace("\\", "\\\\").replace('"', '\\"')
            change["address"] = f'{change["module_address"]}.{change["type"]}["{name}"]'
    with suppress(KeyError, TypeError, AttributeError):
        _changes(whole).sort(key=lambda each: (Stage[each["stage"].upper()], each["type"], _order(each["key"])))
    return whole


def _order(key: Data) -> str:
    return key_of(key) if isinstance(key, dict) else str(key)


def _where(data: Data) -> str:
    return "resource_changes" if "resource_changes" in data else "changes"


def _changes(data: Data) -> list[Data]:
    found = data.get(_where(data))
    return found if isinstance(found, list) else []


def _walk(data: Data, path: Path = ()) -> Iterator[tuple[Path, Data]]:
    yield path, data
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _walk(value, (*path, key))


def _others(key: object, value: Data, texts: dict[object, list[str]]) -> list[Data]:
    match value:
        case str():
            known = WORDS.get(key) or [*dict.fromkeys(texts[key])][:2]
            return [other for other in dict.fromkeys([f"{value}x", *known, value.swapcase(), ""]) if other != value]
        case bool():
            return [not value]
        case int():
            return [value + 1, float(value)]
        case _:
            return ["x", {"x": "y"}]


def _at(whole: Data, path: Path) -> Data:
    for key in path:
        whole = whole[key]
    return whole


def _put(path: Path, value: Data, whole: Data) -> None:
    _at(whole, path[:-1])[path[-1]] = deepcopy(value)


def _remove(path: Path, whole: Data) -> None:
    _at(whole, path[:-1]).pop(path[-1])


def _repeat(path: Path, whole: Data) -> None:
    _at(whole, path).append(deepcopy(_at(whole, path)[0]))


def _reverse(path: Path, whole: Data) -> None:
    _at(whole, path).reverse()


def _put_everywhere(text: str, other: str, whole: Data) -> None:
    for path, value in list(_walk(whole)):
        if isinstance(value, str) and (value == text or text in value.split(" / ")):
            _put(path, value.replace(text, other), whole)
