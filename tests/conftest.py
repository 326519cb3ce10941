"""What holds for every test: no request of beamctl's client is one that the API would not take."""

from collections.abc import Iterator

import pytest
from flask import Flask, request, request_started

from tests.fakes import contract


def _observed(_app: Flask, **_: object) -> None:
    path = request.full_path.removeprefix("/v0").rstrip("?")
    contract.observe_bytes(request.method, path, request.headers.get("User-Agent", ""), request.get_data())


@pytest.fixture
def made_up_requests() -> Iterator[None]:
    """For a test that sends what no API would take, on purpose."""
    yield
    contract.wrong.clear()


@pytest.fixture(autouse=True)
def requests_that_the_api_takes() -> Iterator[None]:
    """Looks at every request to an emulator in this process, and at what the fakes report."""
    contract.wrong.clear()
    with request_started.connected_to(_observed):
        yield
    assert not contract.wrong, contract.wrong
