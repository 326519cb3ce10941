"""Text of drift that is adopted: a unified diff for `git apply`, and what it leaves out.

A module of its own: the report of drift does not need it."""

from __future__ import annotations

import re
from difflib import unified_diff

from beamctl.model.text import printable, shell_word
from beamctl.plan.adoption import AdoptedDrift, NotAdopted
from beamctl.report.wording import words

_PLAIN_NAME = re.compile(r"[\w./@+=:,%~-]+", re.ASCII)


def patch_text(label: str, before: str, after: str) -> str:
    """A unified diff of one file.

    Args:
        label: The name of the file, with slashes.
        before: Its content.
        after: The new content.
    """
    lines = unified_diff(_lines(before), _lines(after), _name(f"a/{label}"), _name(f"b/{label}"))
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def _lines(text: str) -> list[str]:
    """Lines as git counts them: only a line feed ends one."""
    lines = text.split("\n")
    return [*(f"{line}\n" for line in lines[:-1]), *([lines[-1]] if lines[-1] else [])]


def _name(name: str) -> str:
    """A name as git writes it: in quotes with escaped bytes, unless it is plain."""
    if _PLAIN_NAME.fullmatch(name):
        return name
    return '"' + "".join(map(_escaped, name.encode("utf-8", "surrogateescape"))) + '"'


def _escaped(byte: int) -> str:
    char = chr(byte)
    return f"\\{char}" if char in '\\"' else char if " " <= char <= "~" else f"\\{byte:03o}"


def adopted_text(found: AdoptedDrift, *, written: bool) -> str:
    """What the patch, or the edits if they are `written`, leave out, and how many differences they remove."""
    lines = [f"  {printable(_subject(each))}: {printable(words(each.why))}{_place(each)}" for each in found.left]
    lines[:0] = ["Not adopted, and still drift:"] if lines else []
    lines += [f"Note: {printable(f'{each.section} {each.name}: {words(each.remark)}')}." for each in found.remarks]
    total = found.adopted + len(found.left)
    if not total:
        return "No drift: there is nothing to edit."
    if not found.files:
        return "\n".join([*lines, "No document was edited." if written else "The patch is empty."])
    count = f"{found.adopted} of {total} difference{'s' * (total != 1)}"
    if written:
        names = ", ".join(printable(each.name) for each in found.files)
        return "\n".join([*lines, f"Edited {names}: {count} adopted. Review the edits before you commit them."])
    how = f"git -C {shell_word(found.folder)} apply" if found.folder else "git apply"
    return "\n".join([*lines, f"The patch adopts {count}. Apply it with `{how}`."])


def _subject(each: NotAdopted) -> str:
    return f"{each.section} {each.name}" if each.section else each.workspace


def _place(each: NotAdopted) -> str:
    return f"  {printable(each.place.source)}:{each.place.line}" if each.place else ""
