"""The emulator with one seeded workspace, put back to its beginning in a moment, and watched past whatever is done to
the requests: who is in, which settings there are, who got a letter."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from beamctl.emulator import Quirk, as_operator, ask, create_app, load_seed
from beamctl.emulator.mail.post import Post
from beamctl.plan.change import Action, Change


@dataclass(frozen=True)
class State:
    """How the workspace is.

    Attributes:
        users: By e-mail.
        settings: The workspace as the API shows it.
    """

    users: Mapping[str, Mapping[str, Any]]
    settings: Mapping[str, Any]

    def shows(self, change: Change) -> bool:
        """Whether it is as the change would have it."""
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
        self._watcher = as_operator(create_app(self.db))  # without faults and quirks

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
        return State({user["email"].lower(): user for user in users}, self._ask("/workspaces/acme"))

    def admins(self) -> int:
        """How many accepted admins there are."""
        return sum(user["accepted"] and user["role"] == "admin" for user in self._ask("/users"))

    def close(self) -> None:
        self._seeded.close()

    def _ask(self, path: str) -> Any:
        status, text = ask(self._watcher, "GET", path, workspace="acme")
        assert status == 200, text
        return json.loads(text)
