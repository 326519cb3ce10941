"""Reads the contents of a workspace. Only the workspace itself must be readable; other listings that fail or are
implausible count as unknown, never as empty."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from beamctl.destroy.estate import Item, Part, Unknown, WorkspaceContents
from beamctl.errors import ApiError, GarbledError, UnauthenticatedError, UnreachableError
from beamctl.kinds.member.live import People, admins, people
from beamctl.model.api_call import Reader, segment

T = TypeVar("T")

_POLICIES = "/policies?limit=200"  # the API's largest page
_MOST_PAGES = 500
_LATER = "Check --api-url and try again later. --debug shows the response."


def survey(workspace: str, reader: Reader) -> WorkspaceContents:
    """Read a workspace and its contents.

    Raises:
        ApiError: The workspace cannot be read, the API does not respond, or the credential is not accepted.
    """
    payload = reader.get(f"{path_of(workspace)}?countResources=true")
    if not isinstance(payload, dict) or payload.get("name") != workspace:
        raise GarbledError(f"the API's response is not the workspace {workspace}", _LATER)
    everybody = _read(reader, "/users", _team)
    return WorkspaceContents(
        workspace,
        _text(payload, "id"),
        _text(payload, "createdAt"),
        _text(payload, "displayName"),
        (
            Part("members", "role", _persons(everybody, accepted=True)),
            Part("pending invitations", "role", _persons(everybody, accepted=False)),
            Part("service accounts", "role", _read(reader, "/service_accounts", _service_accounts)),
            Part("policies", "type", _read(reader, _POLICIES, _policies)),
            Part("integration connections", "integration", _read(reader, "/integrations/connections", _connections)),
        ),
        _counts(payload),
    )


def path_of(workspace: str) -> str:
    """The API path of the workspace."""
    return f"/workspaces/{segment(workspace)}"


def _read(reader: Reader, path: str, parse: Callable[[list[Any]], T]) -> T | Unknown:
    """Parse a listing. Network and authentication errors stop the run; other errors count as unknown."""
    try:
        return parse(_all_pages(reader, path))
    except (UnauthenticatedError, UnreachableError):
        raise
    except ApiError as error:
        return Unknown(error.message)


def _all_pages(reader: Reader, path: str) -> list[Any]:
    """A listing, with all its pages."""
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
    raise _incomplete(path)


def _team(entries: list[Any]) -> People:
    """Parse the people of a listing. It must have an admin, because every workspace does."""
    everybody = people(entries)
    if not admins(everybody.items()):
        raise GarbledError("the API's list of users has no admin, so it cannot be complete", _LATER)
    return everybody


def _persons(everybody: People | Unknown, *, accepted: bool) -> tuple[Item, ...] | Unknown:
    if isinstance(everybody, Unknown):
        return everybody
    picked = ((key, person) for key, person in everybody.items() if person.accepted is accepted)
    return tuple(sorted(Item(str(person.role), person.email, key) for key, person in picked))


def _service_accounts(entries: list[Any]) -> tuple[Item, ...]:
    return _items((_text(entry, "role"), _text(entry, "name"), _text(entry, "client_id")) for entry in entries)


def _policies(entries: list[Any]) -> tuple[Item, ...]:
    return _resources(entries, "type")


def _connections(entries: list[Any]) -> tuple[Item, ...]:
    return _resources(entries, "integration")


def _resources(entries: list[Any], sort: str) -> tuple[Item, ...]:
    """Objects with `metadata` and `spec`. Early versions of the API were flat."""
    found = []
    for entry in entries:
        metadata, spec = (entry.get(name, entry) if isinstance(entry, dict) else None for name in ("metadata", "spec"))
        name = _text(metadata, "name")
        found.append((_text(spec, sort), name, name))
    return _items(found)


def _items(found: Iterable[tuple[str, str, str]]) -> tuple[Item, ...]:
    """The objects, sorted. Each must have a name or an id."""
    items = [Item(*each) for each in found]
    if any(not (item.name or item.key) for item in items):
        raise GarbledError("the API's list has an entry without a name", _LATER)
    return tuple(sorted(items))


def _counts(payload: Mapping[str, Any]) -> Mapping[str, int] | Unknown:
    counts = payload.get("resourceCounts")
    if not isinstance(counts, dict) or any(type(number) is not int for number in counts.values()):
        return Unknown("the API does not show resource counts")
    return counts


def _text(entry: Any, name: str) -> str:  # noqa: ANN401 - any JSON
    found = entry.get(name) if isinstance(entry, dict) else None
    return found if isinstance(found, str) else ""


def _incomplete(path: str) -> GarbledError:
    return GarbledError(f"the API's response to GET {path.partition('?')[0]} is not a complete list", _LATER)
