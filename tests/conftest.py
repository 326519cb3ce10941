"""Checks that run with every test: beamctl's client sends only requests that the API accepts, and the emulator's
responses match what its routes declare. Only requests of this process are seen; for an emulator in another process,
`tests/end_to_end` reads its log, which has no bodies."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, request_finished, request_started

from tests.fakes import contract

_SETTINGS = (
    "BEAMCTL_",
    "BL_",
    "BEAMLIT_",
    "BITBUCKET_",
    "BUILDKITE_",
    "CI",  # also CI_… and CIRCLE_…
    "GIT",  # also GITHUB_… and GITLAB_…
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",  # a child would compile all modules again
    "SSL_CERT",
    "XDG_",
)
_OF_THE_TESTS = ("BEAMCTL_WRITE_CASES", "BEAMCTL_WRITE_TABLES", "OFFICIAL_CLIENTS")


def pytest_configure() -> None:
    """The tests run alike on a laptop, in a CI job, behind a proxy, and in the background of a shell."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background processes ignore Ctrl-C
    for name in list(os.environ):
        if (name.startswith(_SETTINGS) or name.lower().endswith("_proxy")) and name not in _OF_THE_TESTS:
            del os.environ[name]


def pytest_collection() -> None:
    """Collection makes millions of objects, of which hardly any are garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Objects that exist before the first test stay until the last one, so the garbage collector skips them."""
    gc.enable()
    gc.collect()
    gc.freeze()


def _observed(_app: Flask, **_: object) -> None:
    path = request.full_path.removeprefix("/v0").rstrip("?")
    contract.observe_bytes(request.method, path, request.headers, request.get_data())


def _answered(_app: Flask, response: Response, **_: object) -> None:
    if request.path.startswith("/v0/") and request.path != "/v0/openapi.json":  # other responses are HTML pages
        rule = str(request.url_rule or "").removeprefix("/v0")
        contract.observe_answer(
            request.method, rule, response.status_code, response.content_type or "", response.get_data()
        )


@pytest.fixture
def made_up_requests() -> Iterator[None]:
    """For tests that send invalid requests, or provoke invalid responses, on purpose."""
    yield
    contract.wrong.clear()


@pytest.fixture(autouse=True)
def requests_that_the_api_takes() -> Iterator[None]:
    """Check every request to an emulator in this process, its response, and what the fakes report."""
    contract.wrong.clear()
    with request_started.connected_to(_observed), request_finished.connected_to(_answered):
        yield
    assert not contract.wrong, contract.wrong
