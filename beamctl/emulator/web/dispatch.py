"""Routes requests below the base path to the API and all others to the console, which is built on first use."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from beamctl.emulator.app import ControlPlane

PLANE = "beamctl.emulator.plane"
"""WSGI environment key of the console's control plane. Headers become `HTTP_…`, so they cannot set it."""


class Dispatcher:
    """The WSGI application in front of the API and the console of one control plane."""

    def __init__(self, api: WSGIApplication, base_path: str, plane: ControlPlane) -> None:
        self._api = api
        self._base_path = base_path
        self._plane = plane

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Forward one request."""
        path = environ.get("PATH_INFO", "")
        if path == self._base_path or path.startswith(f"{self._base_path}/"):
            return self._api(environ, start_response)
        from beamctl.emulator.web.site import pages

        return pages()({**environ, PLANE: self._plane}, start_response)
