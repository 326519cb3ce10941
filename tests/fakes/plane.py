"""The emulator with one seeded workspace, put back to its beginning in a moment, and watched past whatever is done to
the requests: who is in, which settings there are, who got a letter."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from beamctl.emulator import Quirk, as_operator, ask, create_app, load_seed
from beamctl.emulator.mail.post import Post
from beamctl.plan.change import Action, Change

LISTINGS = {"policy": "/policies", "integration": "/integrations/connections", "environment": "/environments"}


def is_like(thing: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    """Whether something with metadata and a spec has these attributes, whatever the order of lists."""
    shown = {"labels": {}, **thing["metadata"], **thing["spec"]}
    shown["secretVersion"] = int(shown["labels"].get("beamctl-secret-version", 1))
    return all(in_order(shown.get(name, type(value)())) == in_order(value) for name, value in attributes.items())


def in_order(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


@dataclass(frozen=True)
class State:
    """How the workspace is.

    Attributes:
        users: By e-mail.
        settings: The workspace as the API shows it.
        things: By kind and name, policies and the like.
    """

    users: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]
    things: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def shows(self, change: Change) -> bool:
        """Whether it is as the change would have it."""
        if change.kind in LISTINGS:
            thing = self.things[change.kind].get(change.key)
            return is_like(thing, change.after) if thing and change.after is not None else thing is change.after
        user = self.users.get(change.key)
        match change.action:
            case Action.SET:
                return all(
                    self.settings.get(key, type(value)()) == value for key, value in (change.after or {}).items()
                )
            case Action.REMOVE | Action.REVOKE:
                return user is None
            case Action.INVITE | Action.RESEND:
                return user is not None and not user.get("expired") and user["role"] == (change.after or {})["role"]
            case _:
                return user is not None and user["role"] == (change.after or {})["role"]

    def about(self, change: Change) -> Any:
        """The part that a change is about."""
        if change.kind in LISTINGS:
            return self.things[change.kind].get(change.key)
        return self.settings.get(change.name) if change.action is Action.SET else self.users.get(change.key)


class Plane:
    """Attributes:
    app: The application, for the client.
    letters: To whom an invitation was sent, since the beginning.
    """

    def __init__(self, folder: Path, seed: Mapping[str, Any], quirks: Iterable[Quirk] = ()) -> None:
        self.db = folder / "plane.db"
        load_seed(self.db, seed)
        self._seeded = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self.db)) as file:
            file.backup(self._seeded)
        self.letters: list[str] = []
        self.app = create_app(self.db, quirks=frozenset(quirks), post=Post((self,)))
        era = frozenset(quirks) & {Quirk.BEAMLIT_ERA}
        self._kinds = [kind for kind in LISTINGS if era or kind != "environment"]
        self._watcher = as_operator(create_app(self.db, quirks=era))  # without faults and other quirks

    def deliver(self, message: EmailMessage) -> None:
        """A letter is sent: implements the emulator's `Delivery`."""
        self.letters.append(str(message["To"]))

    def reset(self) -> None:
        """As it was in the beginning."""
        self.letters.clear()
        with closing(sqlite3.connect(self.db)) as file:
            file.execute("PRAGMA synchronous = OFF")
            self._seeded.backup(file)

    def state(self) -> State:
        users = self._ask("/users")
        things = {kind: {one["metadata"]["name"]: one for one in self._ask(LISTINGS[kind])} for kind in self._kinds}
        return State({user["email"].lower(): user for user in users}, self._ask("/workspaces/acme"), things)

    def admins(self) -> int:
        """How many accepted admins there are."""
        return sum(user["accepted"] and user["role"] == "admin" for user in self._ask("/users"))

    def close(self) -> None:
        self._seeded.close()

    def _ask(self, path: str) -> Any:
        status, text = ask(self._watcher, "GET", path, workspace="acme")
        assert status == 200, text
        return json.loads(text)
