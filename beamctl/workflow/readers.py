"""Readers of one workspace, and what the workspaces of a run share: connections, and which APIs respond at all."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from beamctl.errors import ApiError, BeamctlError, UnreachableError
from beamctl.model.api_call import Reader
from beamctl.plan.across_kinds import ConcurrentReader, Readings
from beamctl.plan.kind import Reading
from beamctl.workflow.concurrent_reads import ReadSession, WorkspaceReads, read_workspaces

if TYPE_CHECKING:
    from beamctl.api.workspace import Pool

ENOUGH = 3
"""After this many workspaces without a response, an API that never responded is not asked about further ones."""


class Reachability:
    """Which APIs respond, in one run. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._responds: set[str] = set()
        self._failures: dict[str, dict[str, UnreachableError]] = {}

    def responded(self, api: str) -> None:
        """Record a response, whatever it says."""
        self._responds.add(api)

    def failed(self, api: str, workspace: str, error: UnreachableError) -> None:
        """Record that there was no response."""
        with self._lock:
            self._failures.setdefault(api, {}).setdefault(workspace, error)

    def why_not(self, api: str, workspace: str) -> UnreachableError | None:
        """Why another workspace cannot be read either; None if it should be tried."""
        if api in self._responds or len(failures := self._failures.get(api, {})) < ENOUGH or workspace in failures:
            return None
        error = next(iter(failures.values()))
        return UnreachableError(
            f"not tried, because the API did not respond for {ENOUGH} other workspaces: {error.message}", error.hint
        )


class WatchedReader:
    """Reads one workspace, unless its API does not respond."""

    def __init__(self, reader: Reader, api: str, workspace: str, reachability: Reachability) -> None:
        self._reader = reader
        self._api = api
        self._workspace = workspace
        self._reachability = reachability

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """As in `Reader`."""
        if error := self._reachability.why_not(self._api, self._workspace):
            raise error
        try:
            payload = self._reader.get(path)
        except UnreachableError as error:
            self._reachability.failed(self._api, self._workspace, error)
            raise
        except ApiError:
            self._reachability.responded(self._api)
            raise
        self._reachability.responded(self._api)
        return payload


class RunPool:
    """Holds what the workspaces of a run share, from the first one that is opened. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: Pool | None = None

    def made(self, make: Callable[[], Pool]) -> Pool:
        """The pool, which is made the first time."""
        with self._lock:
            if self._pool is None:
                self._pool = make()
            return self._pool

    def close(self) -> None:
        """Close all connections. No request may be in progress."""
        if self._pool is not None:
            self._pool.close()


class PooledReader(ConcurrentReader):
    """Reads one workspace for one thread, with several requests in flight if possible."""

    def __init__(self, reader: Reader, workspace: str, session: ReadSession) -> None:
        self._reader = reader
        self._workspace = workspace
        self._session = session

    def get(self, path: str) -> Any:  # noqa: ANN401 - any JSON
        """As in `Reader`."""
        return self.read_all({path: _single(path)})[path]

    def read_all(self, readings: Readings) -> Mapping[str, Any]:
        """As in `ConcurrentReader`."""
        reads = WorkspaceReads(self._workspace, self._reader, readings, lambda live: live)
        (found,) = read_workspaces([lambda: reads], self._session)
        if isinstance(found, BeamctlError):
            raise found
        return found


def _single(path: str) -> Reading[Any]:
    return (yield path)
