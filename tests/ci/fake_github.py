"""The issues of one repository and their comments, as GitHub serves them. A pull request is an issue there too."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

from tests.cli.loopback import QuietHandler, Server

TOKEN = "the-token"
US = "github-actions[bot]"
PULL_REQUEST = 5
_ISSUES = "/repos/acme/access/issues"
_LARGEST = 65_536
"""Characters of a body."""


@dataclass
class FakeGitHub:
    """Attributes:
    issues: The issues, by number.
    comments: The comments, by issue.
    drops_updates: Whether an update is accepted and ignored.
    """

    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    drops_updates: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        self.open("ada", "", pull_request={"url": "…"})

    def open(self, author: str, body: str, **more: object) -> int:
        number = PULL_REQUEST + len(self.issues)
        self.issues[number] = {"number": number, "state": "open", "body": body, "user": {"login": author}, **more}
        self.comments[number] = []
        return number

    def ours(self) -> list[dict[str, Any]]:
        return [each for each in self.issues.values() if each["user"]["login"] == US]

    def bodies(self, number: int = PULL_REQUEST) -> list[str]:
        return [each["body"] for each in self.comments[number]]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        known = environ.get("HTTP_AUTHORIZATION") == f"Bearer {TOKEN}"
        status, found = (
            self._answer(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, json.loads(sent or b"{}"))
            if known
            else ("401 Unauthorized", {"message": "Bad credentials"})
        )
        content = json.dumps(found).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, method: str, path: str, query: dict[str, str], sent: dict[str, Any]) -> tuple[str, Any]:
        if len(sent.get("body", "")) > _LARGEST:
            return "422 Unprocessable Entity", {"message": "body is too long (maximum is 65536 characters)"}
        if not path.startswith(_ISSUES):
            return "403 Forbidden", {"message": "Resource not accessible by integration"}
        match method, path.removeprefix(_ISSUES).strip("/").split("/"):
            case "GET", [""]:
                newest = sorted(self.issues.values(), key=lambda each: -int(each["number"]))
                return "200 OK", _page(newest, query)
            case "POST", [""]:
                return "201 Created", self.issues[self.open(US, **sent)]
            case "GET", [number] if int(number) in self.issues:
                return "200 OK", self.issues[int(number)]
            case "PATCH", [number] if int(number) in self.issues:
                self.issues[int(number)] |= {} if self.drops_updates else sent
                return "200 OK", self.issues[int(number)]
            case "GET", [number, "comments"]:
                return "200 OK", _page(self.comments[int(number)], query)
            case "POST", [number, "comments"]:
                id_ = 1 + sum(map(len, self.comments.values()))
                self.comments[int(number)].append({"id": id_, "user": {"login": US}, **sent})
                return "201 Created", self.comments[int(number)][-1]
            case _, ["comments", id_]:
                found = next(each for all_ in self.comments.values() for each in all_ if each["id"] == int(id_))
                found |= sent
                return "200 OK", found
            case _:
                return "403 Forbidden", {"message": "Resource not accessible by integration"}


def _page(rows: list[dict[str, Any]], query: dict[str, str]) -> list[dict[str, Any]]:
    size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
    return rows[size * (page - 1) : size * page]


@contextmanager
def serving_github(fake: FakeGitHub) -> Iterator[FakeGitHub]:
    with make_server("127.0.0.1", 0, fake, server_class=Server, handler_class=QuietHandler) as server:
        fake.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()
