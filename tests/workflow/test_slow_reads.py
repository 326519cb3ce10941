"""Slow reads are reported, with a clock that the test sets."""

from dataclasses import dataclass, field

from beamctl.workflow.slow_reads import ReadProgress

USERS, KEYS = ("acme", "/users?limit=200"), ("acme", "/service_accounts/ci/api_keys")


@dataclass
class Screen:
    """Notices, and the time."""

    is_terminal: bool
    now: float = 0.0
    lines: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def line(self, text: str) -> None:
        self.lines.append(text)

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def progress(self, total: int) -> ReadProgress:
        return ReadProgress(total, self, clock=lambda: self.now)


def test_a_single_workspace_says_which_request_takes_long() -> None:
    for is_terminal in (True, False):
        screen = Screen(is_terminal)
        progress = screen.progress(1)
        assert progress.wait() == 2.0
        screen.now = 1.9
        progress.show(0, [USERS, KEYS])
        assert screen.lines == []
        for screen.now in (2.0, 3.9):
            progress.show(0, [USERS, KEYS])
            assert screen.lines == ["Reading /users (acme) …"]
        for screen.now in (4.0, 6.0):  # each request once, the oldest first
            progress.show(0, [USERS, KEYS])
        progress.end()
        assert screen.lines == ["Reading /users (acme) …", "Reading /service_accounts/ci/api_keys (acme) …"]
        assert screen.statuses == []


def test_several_workspaces_are_counted_on_a_terminal_in_one_line() -> None:
    screen = Screen(is_terminal=True)
    progress = screen.progress(200)
    for screen.now, done in ((1.9, 10), (2.0, 37), (2.1, 38), (2.2, 39)):
        progress.show(done, [USERS])
    assert screen.statuses == ["Read 37 of 200 workspaces …", "Read 39 of 200 workspaces …"]
    screen.now = 9.0
    progress.show(199, [USERS, KEYS])
    assert screen.statuses[2:] == ["Read 199 of 200 workspaces … waiting for /users (acme)"]
    progress.end()
    assert screen.statuses[3:] == [""], "the line is removed"
    assert screen.lines == []


def test_several_workspaces_are_a_line_a_minute_in_a_log() -> None:
    screen = Screen(is_terminal=False)
    progress = screen.progress(200)
    for screen.now in range(0, 130, 5):
        progress.show(int(screen.now), [USERS])
    progress.end()
    assert screen.lines == ["Read 60 of 200 workspaces …", "Read 120 of 200 workspaces …"]
    assert screen.statuses == []


def test_fast_reads_are_not_reported() -> None:
    screen = Screen(is_terminal=True)
    progress = screen.progress(200)
    progress.show(199, [USERS])
    progress.end()
    assert screen.lines + screen.statuses == []
    assert ReadProgress(200, None).wait() is None
