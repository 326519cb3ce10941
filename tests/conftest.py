"""Checks that run with every test: beamctl's client sends only requests that the API accepts, and the emulator's
responses match what its routes declare. Only requests of this process are seen; for an emulator in another process,
`tests/end_to_end` reads its log, which has no bodies."""

import gc
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, request_finished, request_started

from tests.fakes import contract


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
