"""Opens the API of a workspace, over the network or in the emulator inside this process, and compares its clock with
this machine's."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from beamctl.api.clock import ClockSkew, SystemClock, WaitBudget
from beamctl.api.config import LOCAL, decide
from beamctl.api.config import default_workspace as named_elsewhere
from beamctl.api.credential import URL_SETTINGS
from beamctl.api.credential_hints import credential_used
from beamctl.api.sources import Sources
from beamctl.errors import ApiError, UsageError
from beamctl.model.api_call import Deleter, Pause, Reader, Sender
from beamctl.model.code import Code
from beamctl.model.fact import Fact
from beamctl.model.identity import Identity
from beamctl.model.secret import ApiRedactor
from beamctl.plan.comparison import CLOCKS_APART
from beamctl.system.clock import current_time, shown_time
from beamctl.workflow.concurrent_reads import ReadSession
from beamctl.workflow.readers import PooledReader, Reachability, RunPool, WatchedReader
from beamctl.workflow.slow_reads import Notices

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from beamctl.api.workspace import Pool, WorkspaceApi

_LOCAL_NAME = "local"
"""The `--api-url` of the emulator in this process."""

_TOO_FAR = timedelta(days=1)


READS_IN_FLIGHT = 16
"""How many requests may be in flight in a run that only reads, unless an option says otherwise."""


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach the API, for all workspaces of a run.

    Attributes:
        sources: Settings from the options, the environment and the official CLI's files.
        timeout: Seconds for one request.
        debug: Called with a line for each request and response, if they are shown.
        notices: Shows notices if reading takes long; None for no notices.
        redactor: Learns every secret that is used.
        local_app: Returns the emulator of the current directory, for `--api-url local`.
        wait_budget: How long the run may wait while the API limits requests.
        stop: Set to end reads and pauses, and to stop retrying.
        in_flight: How many requests may be in flight, in all workspaces together.
        pool: What the workspaces share; closed at the end of the run.
        reachability: Which APIs respond.
    """

    sources: Sources
    timeout: float
    debug: Callable[[str], None] | None
    redactor: ApiRedactor
    local_app: Callable[[], WSGIApplication]
    notices: Notices | None = None
    wait_budget: WaitBudget = field(default_factory=WaitBudget)
    stop: threading.Event = field(default_factory=threading.Event)
    in_flight: int = READS_IN_FLIGHT
    pool: RunPool = field(default_factory=RunPool)
    reachability: Reachability = field(default_factory=Reachability)

    @property
    def reads(self) -> ReadSession:
        """How to read."""
        return ReadSession(self.in_flight, self.stop, self.notices)

    def pause(self, seconds: float) -> bool:
        """Wait, and return whether `stop` was not set."""
        return not self.stop.wait(seconds)

    @property
    def is_local(self) -> bool:
        """Whether the API is the emulator in this process."""
        named = self.sources.api_url
        for first in self.sources.set_variables(URL_SETTINGS)[: not named]:
            named = self.sources.environment[first] if first == "BEAMCTL_API_URL" else ""
        return named == _LOCAL_NAME

    @property
    def credential_files(self) -> tuple[str, ...]:
        """The files that may hold a credential of this process, whether it is used or not."""
        named = (self.sources.key_file, self.sources.env_file, *self.sources.files)
        return tuple(os.path.expanduser(file.path) for file in named if file is not None)  # noqa: PTH111 - a text


@dataclass(frozen=True, slots=True)
class Link:
    """An open connection to one workspace.

    Attributes:
        api_url: The base URL; `local` for the emulator in this process.
        reader: Reads, and cannot write. Makes several requests at the same time, with notices if they take long.
        silent_reader: The same with one request at a time and without notices, for use by several threads.
        sender: Writes; only `apply` uses it.
        identity: The owner of the credential; None if the credential does not say.
        reads: How to read several workspaces at the same time.
        pause: Waits before a change is read back.
        credential_from: Where the credential was found, for messages.
        passed_over: Returns where other credentials were found, for messages.
        skew: The difference between this machine's clock and the API's; None until a response has been read.
    """

    api_url: str
    reader: Reader
    silent_reader: Reader
    sender: Sender
    identity: Identity | None
    reads: ReadSession
    pause: Pause
    skew: Callable[[], ClockSkew | None]
    credential_from: str = ""
    passed_over: Callable[[], tuple[str, ...]] = tuple


@dataclass(frozen=True, slots=True)
class DeletionLink:
    """An open connection to one workspace for `destroy`, the only command that gets a deleter.

    Attributes:
        api_url: As in `Link`.
        reader: As in `Link`.
        deleter: Deletes this workspace.
        identity: As in `Link`.
        pause: As in `Link`.
        credential: Which credential is used and where it was found, for messages.
    """

    api_url: str
    reader: Reader
    deleter: Deleter
    identity: Identity | None
    pause: Pause
    credential: str


def default_workspace(access: Access) -> str:
    """The workspace to use if neither an option nor a document names one.

    Raises:
        UsageError: No workspace is configured.
    """
    name = named_elsewhere(access.sources)
    if not name:
        raise UsageError("no workspace given", "Name one with -w NAME, or set BEAMCTL_WORKSPACE.")
    return name


@contextmanager
def open_link(access: Access, workspace: str) -> Iterator[Link]:
    """Open a workspace. No request is made yet, and its connections are those of the run.

    Raises:
        BeamctlError: There is no credential, or a connection setting is invalid.
    """
    api_url, api = _opened(access, workspace)
    reader = WatchedReader(api.reader(), api_url, workspace, access.reachability)
    yield Link(
        api_url,
        PooledReader(reader, workspace, access.reads),
        reader,
        api.sender(),
        _identity(api),
        access.reads,
        access.pause,
        api.skew,
        api.connection.credential_from,
        api.connection.passed_over,
    )


@contextmanager
def open_deletion_link(access: Access, workspace: str) -> Iterator[DeletionLink]:
    """Open a workspace that is to be deleted.

    Raises:
        BeamctlError: As for `open_link`.
    """
    api_url, api = _opened(access, workspace)
    reader = PooledReader(api.reader(), workspace, access.reads)
    yield DeletionLink(api_url, reader, api.deleter(), _identity(api), access.pause, credential_used(api.connection))


def _opened(access: Access, workspace: str) -> tuple[str, WorkspaceApi]:
    connection = LOCAL if access.is_local else decide(access.sources, workspace)
    api = access.pool.made(lambda: _pool(access)).open(connection, workspace)
    return _LOCAL_NAME if access.is_local else connection.base_url, api


def _pool(access: Access) -> Pool:
    app = access.local_app() if access.is_local else None
    from beamctl.api.errors import Timeouts
    from beamctl.api.workspace import Options, Pool

    options = Options(
        timeouts=Timeouts(read=access.timeout),
        debug=access.debug,
        clock=SystemClock(access.stop),
        redactor=access.redactor,
        wait_budget=access.wait_budget,
        in_flight=access.in_flight,
    )
    return Pool(options, app)


def _identity(api: WorkspaceApi) -> Identity | None:
    who = api.identity()
    return who if who != Identity() else None


def api_time(skew: ClockSkew | None) -> datetime:
    """The time that dates are compared with: the API's, if the two clocks differ clearly.

    Raises:
        UsageError: The clock of this machine cannot be right.
        ApiError: The clocks are so far apart that the date is uncertain.
    """
    now = current_time()
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return now
    if abs(skew.ahead) > _TOO_FAR:
        raise ApiError(
            f"this machine's clock shows {shown_time(skew.machine)} and the API's clock {shown_time(skew.api)}: "
            "they differ by more than a day, so nothing was planned",
            "Correct this machine's clock. If it is right, check whether a proxy sends an old `Date` header.",
        )
    return now + skew.ahead


def skew_note(skew: ClockSkew | None) -> Fact | None:
    """The note of a plan about differing clocks; None if they agree."""
    if skew is None or abs(skew.ahead) <= CLOCKS_APART:
        return None
    code = Code.CLOCK_BEHIND if skew.ahead > timedelta() else Code.CLOCK_AHEAD
    minutes = round(abs(skew.ahead).total_seconds() / 60)
    return Fact(code, {"minutes": minutes, "here": shown_time(skew.machine), "there": shown_time(skew.api)})
