"""Links between documents work, and each module, test and schema that a document names exists."""

import re
import tomllib
from pathlib import Path

import pytest

from beamctl.workflow.init import CiPlatform
from tests.readme.markdown import DOCUMENTS, ROOT, code_spans, name, prose


def anchors(path: Path) -> set[str]:
    """The anchor that GitHub gives to each heading."""
    headings = re.findall(r"^#+ (.*)$", prose(path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links(path: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", prose(path.read_text("utf-8"))):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_named_files_exist(path: Path) -> None:
    named = {
        span
        for span in code_spans(path.read_text("utf-8"))
        if re.fullmatch(
            r"(tests|bench|schemas|examples|beamctl)/[\w./-]*|[\w/]+\.(py|sql)|schemas/.*\.json|[a-z_]+/", span
        )
    }
    for span in code_spans(path.read_text("utf-8")):
        if span.startswith(("pytest ", "python ")):
            named |= {word for word in span.split() if "/" in word}
    made_by_beamctl = {"access/", "secrets/", "mail/"}
    folders = (ROOT, ROOT / "beamctl", path.parent)
    missing = {span for span in named - made_by_beamctl if not any((folder / span).exists() for folder in folders)}
    assert not missing


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_each_document_is_linked_from_the_readme(path: Path) -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", prose(page.read_text("utf-8")))
        todo += [(page.parent / link).resolve() for link in links]
    assert path in seen


def test_the_wheel_has_every_schema_and_no_document() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    schemas = {f"schemas/{path.name}" for path in (ROOT / "schemas").iterdir() if path.suffix != ".md"}
    ci = {f"examples/ci/{each.value}": f"beamctl/ci/{each.value}" for each in CiPlatform if each is not CiPlatform.NONE}
    assert wheel["force-include"] == {schema: f"beamctl/{schema}" for schema in schemas} | ci
    assert wheel["exclude"] == ["*.md"]
