"""A browser without a screen: it keeps cookies, follows redirects and submits forms. It checks every page for
accessibility as far as the HTML shows it."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from typing import Self
from urllib.parse import urljoin

from werkzeug.test import Client, TestResponse

from tests.emulator.world import World

_VOID = {"meta", "link", "input", "img", "br"}


@dataclass
class Form:
    method: str
    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)


class Page(HTMLParser):
    """The content of a page."""

    def __init__(self, url: str, answer: TestResponse) -> None:
        super().__init__(convert_charrefs=True)
        self.url, self.answer, self.status = url, answer, answer.status_code
        self.forms: list[Form] = []
        self.unchecked: list[tuple[str, str]] = []
        self.links: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[tuple[str, dict[str, str | None], list[str]]] = []
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self.words: list[str] = []
        self.elements: list[tuple[str, str]] = []
        self.feed(answer.text)
        assert not self._open, f"not closed: {self._open}"

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    @property
    def heading(self) -> str:
        return next(text for tag, text in self.elements if tag == "h1")

    def texts(self, tag: str) -> list[str]:
        return [text for one, text in self.elements if one == tag]

    def form(self, button: str) -> Form:
        return next(form for form in self.forms if button in [text for text, _ in form.buttons])

    def offers(self) -> set[str]:
        return {text for form in self.forms for text, _ in form.buttons} - {"Sign out"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute twice: {attrs}"
        self.tags.append((tag, values))
        if tag == "form":
            self.forms.append(Form(values.get("method") or "get", values.get("action") or self.url))
        if tag == "input" and values.get("type") == "checkbox" and "checked" not in values:
            self.unchecked.append((values["name"] or "", values["value"] or ""))
        elif tag == "input" and self.forms and any(open_tag == "form" for open_tag, *_ in self._open):
            self.forms[-1].fields.append((values["name"] or "", values.get("value") or ""))
        if tag == "textarea":
            self.forms[-1].fields.append((values["name"] or "", ""))
        if tag == "select":
            self._select = (values["name"] or "", [])
        if tag == "option" and self._select:
            self._select[1].append((values["value"] or "", "selected" in values))
        if tag not in _VOID:
            self._open.append((tag, values, []))

    def handle_endtag(self, tag: str) -> None:
        opened, values, words = self._open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"
        text = re.sub(r"\s+", " ", "".join(words)).strip()
        self.elements.append((tag, "".join(words).strip() if tag == "bdi" else text))
        if tag == "a":
            self.links[text] = values["href"] or ""
        if tag == "button" and any(open_tag == "form" for open_tag, *_ in self._open):
            self.forms[-1].buttons.append((text, values))
        if tag == "select" and self._select:
            name, options = self._select
            chosen = [value for value, selected in options if selected] or [options[0][0]]
            self.forms[-1].fields.append((name, chosen[0]))
            self._select = None

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        for _, _, words in self._open:
            words.append(data)


class Browser:
    def __init__(self, world: World) -> None:
        self.world = world
        self.client = Client(world.app)

    def signed_in(self, who: str) -> Self:
        page = self.submit(self.get("/sign-in"), "Sign in", key=f"bl_{who}")
        assert (page.status, page.url) == (200, "/profile"), page.text
        return self

    def get(self, url: str) -> Page:
        return self._arrive(url, self.client.get(url, headers={"Accept": "text/html"}))

    def submit(self, page: Page, button: str, **typed: str | list[str]) -> Page:
        """Press the button after typing into the fields of its form."""
        form = page.form(button)
        values = dict(form.buttons)[button]
        fields: dict[str, list[str]] = {}
        for name, value in form.fields:
            fields.setdefault(name, []).append(value)
        for name, given in typed.items():
            assert name in fields or name in dict(page.unchecked), f"there is no field {name}"
            fields[name] = given if isinstance(given, list) else [given]
        if values.get("name"):
            fields[values["name"] or ""] = [values["value"] or ""]
        url = urljoin(page.url, form.action)
        headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
        if form.method == "get":
            return self._arrive(url, self.client.get(url, query_string=fields, headers=headers))
        return self._arrive(url, self.client.post(url, data=fields, headers=headers))

    def _arrive(self, url: str, answer: TestResponse) -> Page:
        if answer.status_code == 303:
            return self.get(urljoin(url, answer.headers["Location"]))
        page = Page(url, answer)
        look(page)
        return page


def look(page: Page) -> None:
    """Fail if a page cannot be used with a keyboard, a screen reader or a strict browser."""
    tags = page.tags
    assert [values["lang"] for tag, values in tags if tag == "html"] == ["en"]
    assert len(page.texts("h1")) == 1
    assert page.heading
    assert [tag for tag, _ in tags if tag in ("main", "header", "footer")] == ["header", "main", "footer"]
    title = page.texts("title")[0]
    assert title.startswith("Error: ") == ("There is a problem" in page.texts("h2"))
    identifiers = [values["id"] for _, values in tags if "id" in values]
    assert len(identifiers) == len(set(identifiers))
    labelled = {values["for"] for tag, values in tags if tag == "label"}
    fields = {
        values["id"]
        for tag, values in tags
        if tag in ("input", "select", "textarea") and values.get("type") != "hidden"
    }
    assert fields == labelled
    named = [
        name for _, v in tags for key in ("aria-labelledby", "aria-describedby") for name in (v.get(key) or "").split()
    ]
    anchors = [
        (values["href"] or "")[1:] for tag, values in tags if tag == "a" and (values["href"] or "").startswith("#")
    ]
    assert set(named + anchors) <= set(identifiers)
    assert all(text for text in page.texts("button") + page.texts("a"))
    levels = [int(tag[1]) for tag, _ in tags if tag in ("h1", "h2", "h3")]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not {tag for tag, _ in tags} & {"style", "iframe", "object", "embed"}
    assert {values.get("src") for tag, values in tags if tag == "script"} <= {"/copy.js"}
    assert not [key for _, values in tags for key in values if key.startswith("on") or key == "style"]
    outside = [
        values[key]
        for _, values in tags
        for key in ("src", "href", "action")
        if (values.get(key) or "/")[0] not in "/#?"
    ]
    assert not outside
