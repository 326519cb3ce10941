"""Shares as the API lists them, for each image and custom domain that the workspace owns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from beamctl.document.problem import quoted
from beamctl.errors import GarbledError, MissingError
from beamctl.kinds.operations import LATER, is_valid_name, whole_listing
from beamctl.model.api_call import segment
from beamctl.model.text import is_whole
from beamctl.plan.kind import Reading

KIND, SECTION = "share", "shares"
WORKSPACE = "workspace"
ACTIVE, PENDING = "active", "pending"


class Shareable(Enum):
    """What can be shared.

    Attributes:
        key: In the document, and the beginning of the key of a share.
        path: In the API.
        words: For messages.
    """

    IMAGE = "images", "/images", "images"
    CUSTOM_DOMAIN = "customDomains", "/customdomains", "custom domains"

    def __init__(self, key: str, path: str, words: str) -> None:
        self.key = key
        self.path = path
        self.words = words

    def shares_of(self, name: str) -> str:
        """The path of the shares of one object. The name of an image begins with its resource type."""
        parts = name.split("/", 1) if self is Shareable.IMAGE else [name]
        return "/".join([self.path, *map(segment, parts), "share"])


@dataclass(frozen=True, slots=True)
class Share:
    """One share.

    Attributes:
        name: Of the image or custom domain.
        workspace: The workspace that may use it; `account` stands for all workspaces of the account.
        status: `pending` until a workspace of another account accepts it.
        account_id: Of the other workspace; empty if the API does not show it.
    """

    what: Shareable
    name: str
    workspace: str
    status: str = ACTIVE
    account_id: str = ""

    @property
    def key(self) -> str:
        """Identifies it in the workspace: `images/agent/support-bot/acme-staging`. `share_of` is the inverse."""
        return f"{self.what.key}/{self.name}/{self.workspace}"

    @property
    def data(self) -> dict[str, str]:
        """As plain data: what a change says about it."""
        return {WORKSPACE: self.workspace}


def share_of(key: str) -> Share:
    """The share with this key.

    Raises:
        ValueError: It is not the key of a share.
    """
    first, _, rest = key.partition("/")
    name, _, workspace = rest.rpartition("/")
    what = next((what for what in Shareable if what.key == first), None)
    parts = name.partition("/") if what is Shareable.IMAGE else (name,)
    if what is None or not workspace or not all(parts):
        raise ValueError(key)
    return Share(what, name, workspace)


@dataclass(frozen=True, slots=True)
class LiveShares:
    """The live state.

    Attributes:
        by_key: All shares of what the workspace owns.
        owners: For each kind of object whose shares the API has, the objects by name, each with the workspace that
            shares it with this one; empty for own objects.
    """

    by_key: Mapping[str, Share] = field(default_factory=dict)
    owners: Mapping[Shareable, Mapping[str, str]] = field(default_factory=dict)


def read_shares() -> Reading[LiveShares]:
    """Read the images and custom domains, and the shares of each that the workspace owns.

    Raises:
        GarbledError: A response is not as documented.
    """
    found: dict[str, Share] = {}
    owners: dict[Shareable, dict[str, str]] = {}
    for what in Shareable:
        try:
            owners[what] = _owners(what, (yield from whole_listing(what.path, what.words)))
        except MissingError:
            continue
        own = sorted(name for name, owner in owners[what].items() if not owner)
        for name in own:
            try:
                payload = yield what.shares_of(name)
            except MissingError:  # it was deleted since
                del owners[what][name]
                continue
            found |= {share.key: share for share in shares(what, name, payload)}
        if own and owners[what].keys().isdisjoint(own):  # an API that has them, but no shares of them
            del owners[what]
    return LiveShares(found, owners)


def _owners(what: Shareable, listed: list[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in listed:
        metadata = entry.get("metadata") if isinstance(entry, dict) else None
        metadata = metadata if isinstance(metadata, dict) else {}
        fields = ("resourceType", "name") if what is Shareable.IMAGE else ("name",)
        parts = [metadata.get(field) for field in fields]
        if not all(map(is_valid_name, parts)):
            raise GarbledError(f"the API shows one of the {what.words} without a valid name", LATER)
        name = "/".join(map(str, parts))
        owner = metadata.get("sourceWorkspace") or metadata.get("sharedFromWorkspace") or ""
        is_ambiguous = name in found or any("/" in str(part) for part in parts[:-1])  # the first slash ends the type
        if is_ambiguous or not isinstance(owner, str):
            raise GarbledError(f"the API shows {quoted(name)} among the {what.words} in an unknown format", LATER)
        found[name] = owner
    return found


def shares(what: Shareable, name: str, payload: Any) -> Iterator[Share]:  # noqa: ANN401 - validated here
    """Parse the shares of one object.

    Raises:
        GarbledError: It is not a list of shares.
    """
    seen = set()
    for entry in payload if isinstance(payload, list) else [None]:
        there = entry if isinstance(entry, dict) else {}
        workspace, status, account = there.get("workspace"), there.get("status", ACTIVE), there.get("accountId", "")
        texts = [workspace, status, account]
        is_known = all(isinstance(text, str) and is_whole(text) for text in texts)
        is_ambiguous = workspace in seen or "/" in str(workspace)  # a slash ends the name in `Share.key`
        if not is_known or not workspace or is_ambiguous:
            raise GarbledError(f"the API shows the shares of {quoted(name)} in an unknown format", LATER)
        seen.add(workspace)
        yield Share(what, name, workspace, status, account)
