"""The addresses of `--only`: parses them, and refuses those that match nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from beamctl.document.desired import Desired
from beamctl.document.problem import closest, either
from beamctl.errors import UsageError
from beamctl.kinds.registry import all_kinds
from beamctl.model.text import printable, shell_word, some
from beamctl.plan.address import Address, address_of, kind_named
from beamctl.plan.plan import Plan


def parse_only(texts: Sequence[str]) -> tuple[Address, ...]:
    """Parse addresses, as KIND:NAME or WORKSPACE:KIND:NAME. A first word that is a kind is the kind.

    Raises:
        UsageError: One is not an address.
    """
    return tuple(dict.fromkeys(map(_parsed, texts)))


def _parsed(text: str) -> Address:
    kinds = all_kinds()
    found = address_of(text, kinds)
    if found is None and kind_named(text.partition(":")[0], kinds) is None:
        workspace, _, rest = text.partition(":")
        scoped = address_of(rest, kinds)
        found = replace(scoped, workspace=workspace) if scoped and workspace else None
    if found is not None:
        return found
    names = [kind.name for kind in kinds]
    words = text.split(":")
    known = next((word for word in words[:2] if kind_named(word, kinds)), "")
    match = "" if known else closest(words[0], names)
    hint = "Write KIND:NAME, for example member:eve@example.com, or member:* for all members."
    if known:
        hint = f"Write {known}:NAME, or {known}:* for all."
    elif match:
        hint = f"Did you mean {match}:…? {hint}"
    else:
        hint = f"{hint} Kinds are {either(names, 'and')}."
    raise UsageError(f"--only: {printable(text)!r} is not an address", hint)


def refuse_unmatched(only: Sequence[Address], documents: Sequence[Desired], plans: Sequence[Plan]) -> None:
    """Refuse addresses that name nothing in any workspace or its document. One that may name something in a workspace
    that could not be read is not refused.

    Raises:
        UsageError: There is one.
    """
    workspaces = [desired.workspace for desired in documents]
    found = {address for plan in plans if plan.partial for address in plan.partial.matched}
    for address in only:
        concerned = [name for name in workspaces if address.workspace in ("", name)]
        if not concerned:
            match = closest(address.workspace, workspaces)
            hint = f"Did you mean {match!r}?" if match else f"Workspaces of this run: {some(workspaces)}."
            raise UsageError(f"--only {shell_word(str(address))}: no such workspace in this run", hint)
        read = [plan for plan in plans if plan.workspace in concerned]
        if address not in found and len(read) == len(concerned):
            raise UsageError(f"--only {shell_word(str(address))} matches nothing", _hint(address, read))


def _hint(address: Address, plans: Sequence[Plan]) -> str:
    """What the user may have meant."""
    where = f" of {plans[0].workspace}" if len(plans) == 1 else "s of this run"
    if all(address.kind not in plan.sections for plan in plans):
        section = next(kind.section for kind in all_kinds() if kind.name == address.kind)
        return (
            f"The document{where} does not declare {section}."
            if len(plans) == 1
            else f"No document declares {section}."
        )
    known = sorted({each for plan in plans if plan.partial for each in plan.partial.known})
    ours = [each for each in known if each.startswith(f"{address.kind}:")]
    match = closest(f"{address.kind}:{address.name}", ours)
    if match:
        return f"Did you mean {shell_word(match)}?"
    return f"Neither the document{where} nor the workspace has it. There are: {some([*map(shell_word, ours)])}."
