"""Reads what is in a workspace, as it is now. Only the workspace itself must be readable; what else the API does not
answer, or not believably, is not known, and never taken for nothing. It must not know how an answer travels, and keeps
no secret of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from beamctl.destroy.estate import Item, Part, Unknown, WorkspaceContents
from beamctl.errors import ApiError, GarbledError, UnauthenticatedError, UnreachableError
from beamctl.kinds.member.live import People, admins, people
from beamctl.model.api_call import segment
from beamctl.model.ports import Reader

T = TypeVar("T")

_POLICIES = "/policies?limit=200"  # as many as the API gives in one page
_MOST_PAGES = 500
_LATER = "Check --api-url, and try again later; --debug shows the answer."


def survey(workspace: str, reader: Reader) -> WorkspaceContents:
    """Read a workspace and what is in it.

    Raises:
        ApiError: The workspace itself cannot be read, nobody answers, or the credential is not accepted.
    """
    itself = reader.get(f"{path_of(workspace)}?countResources=true")
    if not isinstance(itself, dict) or itself.get("name") != workspace:
        raise GarbledError(f"the API's answer is not the workspace {workspace}", _LATER)
    everybody = _read(reader, "/users", _team)
    return WorkspaceContents(
        workspace,
        _text(itself, "id"),
        _text(itself, "createdAt"),
        _text(itself, "displayName"),
        (
            Part("members", "role", _persons(everybody, accepted=True)),
            Part("pending invitations", "role", _persons(everybody, accepted=False)),
            Part("service accounts", "role", _read(reader, "/service_accounts", _service_accounts)),
            Part("policies", "type", _read(reader, _POLICIES, _policies)),
            Part("integration connections", "integration", _read(reader, "/integrations/connections", _connections)),
        ),
        _counts(itself),
    )


def path_of(workspace: str) -> str:
    """Where the workspace itself is read."""
    return f"/workspaces/{segment(workspace)}"


def _read(reader: Reader, path: str, understand: Callable[[list[Any]], T]) -> T | Unknown:
    """What a listing says. That nobody answers at all, or knows us, is a reason to stop; all else is not known."""
    try:
        return understand(_whole(reader, path))
    except (UnauthenticatedError, UnreachableError):
        raise
    except ApiError as error:
        return Unknown(error.message)


def _whole(reader: Reader, path: str) -> list[Any]:
    """A listing, page by page where the API gives it so."""
    found: list[Any] = []
    page = reader.get(path)
    for _ in range(_MOST_PAGES):
        if isinstance(page, list):
            return found + page
        match page:
            case {"data": list(data), "meta": {"hasMore": True, "nextCursor": str(cursor)}} if cursor:
                found += data
                page = reader.get(f"{path}&cursor={segment(cursor)}")
            case {"data": list(data), "meta": {"hasMore": False} as meta}:
                found += data
                total = meta.get("total")
                if isinstance(total, int) and total > len(found):
                    break
                return found
            case _:
                break
    raise _garbled(path)


def _team(entries: list[Any]) -> People:
    """The people of a listing that can be whole: a workspace is not without an admin."""
    everybody = people(entries)
    if not admins(everybody.items()):
        raise GarbledError("the API's list of users shows no admin, so it is not believed", _LATER)
    return everybody


def _persons(everybody: People | Unknown, *, accepted: bool) -> tuple[Item, ...] | Unknown:
    if isinstance(everybody, Unknown):
        return everybody
    picked = ((key, person) for key, person in everybody.items() if person.accepted is accepted)
    return tuple(sorted(Item(str(person.role), person.email, key) for key, person in picked))


def _service_accounts(entries: list[Any]) -> tuple[Item, ...]:
    return _things((_text(entry, "role"), _text(entry, "name"), _text(entry, "client_id")) for entry in entries)


def _policies(entries: list[Any]) -> tuple[Item, ...]:
    return _resources(entries, "type")


def _connections(entries: list[Any]) -> tuple[Item, ...]:
    return _resources(entries, "integration")


def _resources(entries: list[Any], sort: str) -> tuple[Item, ...]:
    """Things with `metadata` and `spec`; in the earliest days of the API they were flat."""
    found = []
    for entry in entries:
        metadata, spec = (entry.get(name, entry) if isinstance(entry, dict) else None for name in ("metadata", "spec"))
        name = _text(metadata, "name")
        found.append((_text(spec, sort), name, name))
    return _things(found)


def _things(found: Iterable[tuple[str, str, str]]) -> tuple[Item, ...]:
    """The things, sorted; a thing that the API does not name is no thing."""
    things = [Item(*each) for each in found]
    if any(not (thing.name or thing.key) for thing in things):
        raise GarbledError("the API's list has an entry without a name", _LATER)
    return tuple(sorted(things))


def _counts(itself: Mapping[str, Any]) -> Mapping[str, int] | Unknown:
    counts = itself.get("resourceCounts")
    if not isinstance(counts, dict) or any(type(number) is not int for number in counts.values()):
        return Unknown("the API does not count it")
    return counts


def _text(entry: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else ""


def _garbled(path: str) -> GarbledError:
    return GarbledError(f"the API's answer to GET {path.partition('?')[0]} is not a complete list", _LATER)
