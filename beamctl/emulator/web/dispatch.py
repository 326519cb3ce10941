"""The door of the application: what is below the base path goes to the API, all else to the pages, which are built when
the first is asked for, so that whoever needs the API only does not wait for them. It must not know either."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from beamctl.emulator.app import ControlPlane

PLANE = "beamctl.emulator.plane"
"""The key of the WSGI environment under which the pages find their control plane. A header becomes `HTTP_…`."""


class Front:
    """A WSGI application in front of the API and the pages of one control plane."""

    def __init__(self, api: WSGIApplication, base_path: str, plane: ControlPlane) -> None:
        self._api = api
        self._base_path = base_path
        self._plane = plane

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Passes one request on."""
        path = environ.get("PATH_INFO", "")
        if path == self._base_path or path.startswith(f"{self._base_path}/"):
            return self._api(environ, start_response)
        from beamctl.emulator.web.site import pages

        return pages()({**environ, PLANE: self._plane}, start_response)
