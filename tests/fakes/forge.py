"""The comments of one pull request, as GitHub and GitLab serve them, on a loopback socket."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

from tests.cli.loopback import QuietHandler, Server

TOKEN = "token-that-nobody-may-see"
Answer = tuple[str, Any]
"""Status line and JSON, or raw bytes."""


@dataclass
class Forge:
    """Attributes:
    me: The login of the token's owner; empty for a token of an app.
    page: The most comments on a page.
    keeps_old: Whether an update is accepted and ignored.
    override: Called with `METHOD /path`; returns another answer, or None.
    """

    is_github: bool
    me: str = ""
    app: str = "github-actions[bot]"
    page: int = 100
    keeps_old: bool = False
    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    override: Callable[[str], Answer | None] = lambda _: None

    def add(self, author: str, body: str) -> int:
        name, login = ("user", "login") if self.is_github else ("author", "username")
        self.comments.append({"id": len(self.comments) + 7, "body": body, name: {login: author}})
        return int(self.comments[-1]["id"])

    def bodies(self) -> list[str]:
        return [each["body"] for each in self.comments]

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    def environment(self, event: str = "") -> dict[str, str]:
        if self.is_github:
            return {
                "GITHUB_ACTIONS": "true",
                "GITHUB_TOKEN": TOKEN,
                "GITHUB_REPOSITORY": "acme/access",
                "GITHUB_EVENT_PATH": event,
                "GITHUB_EVENT_NAME": "pull_request",
                "GITHUB_API_URL": self.url,
            }
        return {
            "GITLAB_CI": "true",
            "GITLAB_TOKEN": TOKEN,
            "CI_API_V4_URL": self.url,
            "CI_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_IID": "5",
            "CI_MERGE_REQUEST_PROJECT_ID": "42",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        sent = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        call = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.calls.append(call)
        status, found = self.override(call) or self._answer(call, environ, sent)
        content = found if isinstance(found, bytes) else json.dumps(found).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _answer(self, call: str, environ: dict[str, Any], sent: bytes) -> Answer:
        if not self._knows(environ):
            return "401 Unauthorized", {"message": "Bad credentials"}
        method, _, path = call.partition(" ")
        if path == "/user":
            if not self.me:
                return "403 Forbidden", {"message": "Resource not accessible by integration"}
            return "200 OK", {"login" if self.is_github else "username": self.me}
        listing = "/repos/acme/access/issues/5/comments" if self.is_github else "/projects/42/merge_requests/5/notes"
        one = "/repos/acme/access/issues/comments/" if self.is_github else f"{listing}/"
        if path == listing and method == "GET":
            query = parse_qs(environ["QUERY_STRING"])
            size = min(self.page, int(query["per_page"][0]))
            start = size * (int(query["page"][0]) - 1)
            return "200 OK", self.comments[start : start + size]
        if path == listing and method == "POST":
            self.add(self.me or self.app, json.loads(sent)["body"])
            return "201 Created", self.comments[-1]
        found = next((each for each in self.comments if path == f"{one}{each['id']}"), None)
        if found is None:
            return "404 Not Found", {"message": "Not Found"}
        if method == ("PATCH" if self.is_github else "PUT") and not self.keeps_old:
            found["body"] = json.loads(sent)["body"]
        return "200 OK", found

    def _knows(self, environ: dict[str, Any]) -> bool:
        if self.is_github:
            return bool(environ.get("HTTP_AUTHORIZATION") == f"Bearer {TOKEN}")
        return bool(environ.get("HTTP_PRIVATE_TOKEN") == TOKEN)


@contextmanager
def serving_forge(forge: Forge) -> Iterator[Forge]:
    with make_server("127.0.0.1", 0, forge, server_class=Server, handler_class=QuietHandler) as server:
        forge.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield forge
        finally:
            server.shutdown()
            thread.join()
