"""The Markdown documents of the project, and what the tests look for in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("beamctl", "schemas", "examples", "bench", "tests", ".ci")
CASES = ROOT / "tests" / "cases"
"""The Markdown in here is expected output."""
FOUND = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
DOCUMENTS = sorted(path for path in FOUND if CASES not in path.parents)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def languages(text: str) -> list[str]:
    return re.findall(r"^```(.*)\n.*\n(?:.*\n)*?^```", text, re.MULTILINE)


def prose(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def code_spans(text: str) -> list[str]:
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose(text))]


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Each command of the console blocks, and the output below it."""
    for block in blocks(text, "console"):
        command, output = "", ""
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, output
                command, output = line[2:], ""
            elif line.startswith("> ") and not output:
                command += "\n" + line[2:]
            else:
                output += line + "\n"
        yield command, output
