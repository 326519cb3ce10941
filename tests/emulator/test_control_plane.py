"""The public URL of the emulator, which starts the links in e-mails."""

import pytest

from beamctl.emulator.app import create_app
from beamctl.emulator.control_plane import DEFAULT_URL, PublicUrl
from beamctl.emulator.errors import WrongOptionError
from tests.emulator.world import World


@pytest.mark.parametrize("given", ["https://beam.example.com", "http://127.0.0.1:99", "http://[::1]:8080", "http://a/"])
def test_a_given_public_url_is_kept(given: str) -> None:
    url = PublicUrl(given)
    url.listens("0.0.0.0", 1)  # noqa: S104 - nothing listens
    assert str(url) == given.rstrip("/")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:99"),
        ("localhost", "http://localhost:99"),
        ("::1", "http://[::1]:99"),
        ("0.0.0.0", "http://127.0.0.1:99"),  # noqa: S104 - nothing listens
        ("::", "http://[::1]:99"),
        ("", "http://127.0.0.1:99"),
    ],
)
def test_the_default_public_url_is_where_it_listens(host: str, url: str) -> None:
    reached = PublicUrl()
    assert str(reached) == DEFAULT_URL
    reached.listens(host, 99)
    assert str(reached) == url


@pytest.mark.parametrize(
    "given",
    [
        *(
            "",
            "beam.example.com",
            "ftp://a",
            "javascript:alert(1)",
            "http://",
            "http://:80",
            "http://a:0",
            "http://a:x",
        ),
        *("http://u:p@a", "http://a/b", "http://a?b", "http://a#b", "http://a b", "http://a\n", "http://[", "HTTP://a"),
    ],
)
def test_an_invalid_public_url_is_refused_before_the_database_is_created(world: World, given: str) -> None:
    db = world.db.with_name("never.db")
    with pytest.raises(WrongOptionError, match="is not a public URL: write it like"):
        create_app(db, public_url=given)
    assert not db.exists()
