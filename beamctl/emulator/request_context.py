"""The caller and workspace of a request, recorded for the request log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from beamctl.emulator.caller import Caller, Operator, Person, ServiceAccount

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

NOBODY = "nobody"
_KEY = "beamctl.emulator.request_context"
"""A WSGI environment key. Headers become `HTTP_…`, so they cannot set it."""


@dataclass(slots=True)
class RequestContext:
    """Filled during authorization; what was found is kept even if the request is then rejected.

    Attributes:
        who: The caller's e-mail address, `service account CLIENT-ID` or `operator`; `nobody` if unknown; None if not
            authenticated yet.
        workspace: The name of the workspace, if it exists.
        page: The rule of a page outside `/v0`, such as `/invitation/<key>`. It is logged instead of the path, which may
            contain a link that acts as a credential.
    """

    who: str | None = None
    workspace: str = ""
    page: str = ""

    def record_caller(self, caller: Caller) -> None:
        """Record the authenticated caller."""
        match caller:
            case Person(email=email):
                self.who = email
            case ServiceAccount(client_id=client_id):
                self.who = f"service account {client_id}"
            case Operator():
                self.who = caller.name
            case _:
                assert_never(caller)


def attach_context(environ: WSGIEnvironment) -> RequestContext:
    """Attach a new context to a request."""
    context = RequestContext()
    environ[_KEY] = context
    return context


def context_of(environ: WSGIEnvironment) -> RequestContext:
    """The context of a request; a new, unattached one if there is none."""
    context = environ.get(_KEY)
    return context if isinstance(context, RequestContext) else RequestContext()
