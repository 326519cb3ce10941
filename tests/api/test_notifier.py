"""URLs of notification services: their limits, what of them is secret, and services that answer slowly."""

import logging
import socket
import threading
from collections.abc import Iterator

import pytest

from beamctl.api.notifier import secrets_of_url, targets_of


@pytest.fixture
def silent_server() -> Iterator[int]:
    """Accepts connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_a_service_that_never_answers_is_given_up_and_does_not_keep_the_process(silent_server: int) -> None:
    before = set(threading.enumerate())
    (target,) = targets_of([f"json://127.0.0.1:{silent_server}/x"], seconds=0.1)
    disabled = logging.root.manager.disable
    try:
        assert not target.send("title", "text", "warning")
        (left,) = set(threading.enumerate()) - before
        assert left.daemon
        assert logging.root.manager.disable == logging.CRITICAL
    finally:
        logging.disable(disabled)


@pytest.mark.parametrize(
    ("url", "scheme", "limit"),
    [
        ("workflows://host:443/ABCDEFGHIJ/SIGsigsig0123456789/", "workflows", 1000),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/", "discord", 2000),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "https", 35000),
    ],
)
def test_the_limit_is_that_of_the_service(url: str, scheme: str, limit: int) -> None:
    (target,) = targets_of([url, url])
    assert (target.scheme, target.body_limit) == (scheme, limit)
    assert url not in repr(target)


@pytest.mark.parametrize(
    ("url", "secrets"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#access", {"TIiajkdnlazkcOXrIdevi7FQ"}),
        ("mailto://bot:pass%40word@mail.example?to=ada@example.com", {"pass%40word", "pass@word"}),
        ("json://acme-production-eu1.example/acme-production-eu1?env=acme-production-eu1", set()),
        ("tgram://123456789:AAbbCCddEEffGGhh-1234/12315544/", {"AAbbCCddEEffGGhh-1234"}),
        (f"gotify://push.example/{'0123456789abcdef' * 2}", {"0123456789abcdef" * 2}),
    ],
)
def test_tokens_are_secret_but_names_are_not(url: str, secrets: set[str]) -> None:
    assert set(secrets_of_url(url)) - {""} == {url, *secrets}
