"""What the application finds out about a request that is nobody's business but the log's: who made it, and about which
workspace. It must not know how a request is logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from beamctl.emulator.caller import Caller, Operator, Person, ServiceAccount

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

NOBODY = "nobody"
_KEY = "beamctl.emulator.request_context"
"""A key of the WSGI environment. A header becomes `HTTP_…`, never this."""


@dataclass(slots=True)
class Witness:
    """Filled as a request goes through admission; what was found out stays, also where the request is refused then.

    Attributes:
        who: The caller's e-mail address, `service account CLIENT-ID` or `operator`; `nobody` for none that is known;
            None where nobody has looked.
        workspace: The name of the workspace it is about, if there is such a one.
        page: The rule of a page that is not below `/v0`, such as `/invitation/<key>`, which is logged in place of its
            path: that may be a link that lets its holder in.
    """

    who: str | None = None
    workspace: str = ""
    page: str = ""

    def saw(self, caller: Caller) -> None:
        """The caller has shown who they are."""
        match caller:
            case Person(email=email):
                self.who = email
            case ServiceAccount(client_id=client_id):
                self.who = f"service account {client_id}"
            case Operator():
                self.who = caller.name
            case _:
                assert_never(caller)


def call_as_witness(environ: WSGIEnvironment) -> Witness:
    """A new witness for a request that is about to be made."""
    witness = Witness()
    environ[_KEY] = witness
    return witness


def witness_of(environ: WSGIEnvironment) -> Witness:
    """The witness of a request; one that nobody will ask, where none was called."""
    witness = environ.get(_KEY)
    return witness if isinstance(witness, Witness) else Witness()
