"""What independent parsers see in a report: every table, with the text and the code spans of each cell; and all other
text and elements."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import cmarkgfm
import html5lib
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt
from markdown_it.token import Token

TAG = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True)
class Cell:
    text: str
    codes: tuple[str, ...] = ()


Grid = list[list[Cell]]


def html_of(text: str) -> str:
    """Markdown as HTML, by the library that GitHub's is based on."""
    found: str = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    return found


@dataclass
class Html(HTMLParser):
    """Reads HTML of any quality, like that of a Markdown renderer."""

    tables: list[Grid] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    comments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        match tag:
            case "table":
                self.tables.append([])
            case "tr":
                self.tables[-1].append([])
            case "td" | "th":
                self.tables[-1][-1].append(Cell(""))
            case "br":
                self._add("\n")
            case "code":
                self.codes.append("")
            case _:
                pass
        if tag not in ("br", "meta", "img"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.inside.pop() == tag
        if tag == "code" and self._cell is not None:
            self._cell = Cell(self._cell.text, (*self._cell.codes, self.codes[-1]))

    def handle_data(self, data: str) -> None:
        if "code" in self.inside:
            self.codes[-1] += data
        else:
            self.loose.append(data)
        self._add(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def _add(self, data: str) -> None:
        if self._cell is not None:
            self._cell = Cell(self._cell.text + data, self._cell.codes)

    @property
    def _cell(self) -> Cell | None:
        return self.tables[-1][-1][-1] if {"td", "th"} & set(self.inside) else None

    @_cell.setter
    def _cell(self, cell: Cell) -> None:
        self.tables[-1][-1][-1] = cell


def read_html(text: str) -> Html:
    """Everything in HTML; a text node inside a table but in no cell is an error of the renderer."""
    found = Html()
    found.feed(text)
    found.close()
    assert not found.inside
    return found


def tables_by_cmark(text: str) -> list[Grid]:
    return read_html(html_of(text)).tables


def tables_by_markdown_it(text: str) -> list[Grid]:
    tables: list[Grid] = []
    is_in_cell = False
    for token in MarkdownIt("gfm-like").parse(text):
        match token.type:
            case "table_open":
                tables.append([])
            case "tr_open":
                tables[-1].append([])
            case "td_open" | "th_open":
                is_in_cell = True
            case "td_close" | "th_close":
                is_in_cell = False
            case "inline" if is_in_cell:
                tables[-1][-1].append(_cell_of(token.children or []))
            case _:
                pass
    return tables


def _cell_of(children: list[Token]) -> Cell:
    for child in children:
        assert child.type in ("text", "text_special", "code_inline", "html_inline"), child
        assert child.type != "html_inline" or child.content == "<br>"
    text = "".join("\n" if child.type == "html_inline" else child.content for child in children)
    return Cell(text, tuple(child.content for child in children if child.type == "code_inline"))


def page_of(text: str) -> Any:
    """A page, by the algorithm of browsers. Any error in it is refused."""
    return html5lib.HTMLParser(strict=True).parse(text)


def tables_by_html5lib(page: Any) -> list[Grid]:
    return [
        [[_html5_cell(cell) for cell in row if cell.tag in (f"{TAG}td", f"{TAG}th")] for row in table.iter(f"{TAG}tr")]
        for table in page.iter(f"{TAG}table")
    ]


def _html5_cell(cell: Any) -> Cell:
    return Cell("".join(_texts(cell)), tuple("".join(code.itertext()) for code in cell.iter(f"{TAG}code")))


def _texts(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        yield "\n" if child.tag == f"{TAG}br" else "".join(_texts(child))
        yield child.tail or ""


LIVE = re.compile(r"@|(?<![&\w])#\d|https?:|www\.|\$|::|##\[|\]\(|[^\x20-\x7e\n·→…—]")
"""What a platform would act on, or a reader could not see, outside of code."""
