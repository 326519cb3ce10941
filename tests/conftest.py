"""What holds for every test: no request of beamctl's client is one that the API would not take, and no answer of the
emulator is one that its route does not promise. It holds for what runs in this process; of an emulator in another one,
`tests/end_to_end` looks at the log, which has no bodies."""

import gc
from collections.abc import Iterator

import pytest
from flask import Flask, Response, request, request_finished, request_started

from tests.fakes import contract


def pytest_collection_finish() -> None:
    """What is there before the first test stays until the last, so it is not searched for garbage again and again."""
    gc.collect()
    gc.freeze()


def _observed(_app: Flask, **_: object) -> None:
    path = request.full_path.removeprefix("/v0").rstrip("?")
    contract.observe_bytes(request.method, path, request.headers, request.get_data())


def _answered(_app: Flask, response: Response, **_: object) -> None:
    if request.path.startswith("/v0/") and request.path != "/v0/openapi.json":  # others are pages for people
        rule = str(request.url_rule or "").removeprefix("/v0")
        contract.observe_answer(
            request.method, rule, response.status_code, response.content_type or "", response.get_data()
        )


@pytest.fixture
def made_up_requests() -> Iterator[None]:
    """For a test that sends what no API would take, or makes one answer what none would, on purpose."""
    yield
    contract.wrong.clear()


@pytest.fixture(autouse=True)
def requests_that_the_api_takes() -> Iterator[None]:
    """Looks at every request to an emulator in this process, at its answer, and at what the fakes report."""
    contract.wrong.clear()
    with request_started.connected_to(_observed), request_finished.connected_to(_answered):
        yield
    assert not contract.wrong, contract.wrong
