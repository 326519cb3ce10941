"""Reads floors: guards set by options and environment variables, which no document can loosen."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from beamctl.cli import candidates
from beamctl.cli.help import Group, combined, option
from beamctl.document.desired import Limit
from beamctl.errors import UsageError
from beamctl.model import email
from beamctl.model.confusables import described, disguised_letter, mixed_letter
from beamctl.model.text import printable
from beamctl.plan.guards import NO_FLOORS, Bounds, stricter

_COUNT = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_PERCENT = re.compile(r"(100|[1-9][0-9]?)%", re.ASCII)
_PROTECT_HINT = "Write ada@example.com, or '*@example.com' for everyone at a domain. Separate several with commas."


def floors_of(
    min_admins: str | None,
    max_removals: str | None,
    protect: Sequence[str],
    allowed_domains: Sequence[str],
    environment: Mapping[str, str],
) -> Bounds:
    """The floors of a run. If an option and its variable are both set, the stricter one holds.

    Raises:
        UsageError: A value is invalid. A variable that is set but empty is an error too: it was meant as a floor.
    """
    options = {
        "--min-admins": min_admins,
        "--max-removals": max_removals,
        "--protect": ",".join(protect) if protect else None,
        "--allowed-domains": ",".join(allowed_domains) if allowed_domains else None,
    }
    found = NO_FLOORS
    for name, value in options.items():
        variable = "BEAMCTL_" + name.removeprefix("--").replace("-", "_").upper()
        for source, text in ((name, value), (variable, environment.get(variable))):
            if text is not None:
                found = stricter(found, _READ[name](source, text))
    return found


def _min_admins(source: str, text: str) -> Bounds:
    if not _COUNT.fullmatch(text.strip()):
        raise _invalid(source, text, "a number of admins", "Write a whole number of at least 1, such as 2.")
    return Bounds(min_admins=int(text))


def _max_removals(source: str, text: str) -> Bounds:
    number = text.strip()
    if not _COUNT.fullmatch(number) and not _PERCENT.fullmatch(number):
        hint = "Write a whole number of at least 1, or a whole percentage from 1% to 100%, such as 5 or 25%."
        raise _invalid(source, text, "a limit on removals", hint)
    return Bounds(max_removals=(Limit(int(number.removesuffix("%")), percent=number.endswith("%")),))


def _protect(source: str, text: str) -> Bounds:
    names = _items(text)
    for name in names:
        local, _, host = name.rpartition("@")
        if not local or not host or "@" in local:
            raise _invalid(source, name, "an e-mail address or '*@DOMAIN'", _PROTECT_HINT)
        if fault := email.pattern_fault(name):
            raise UsageError(f"{source}: {printable(name)!r} {fault}", _PROTECT_HINT)
        if letter := mixed_letter(name) or disguised_letter(name):
            hint = f"It would not match an address in plain letters: {described(letter)}. Use the intended letters."
            raise _invalid(source, name, "an e-mail address in a single alphabet", hint)
    return Bounds(protected=tuple(map(email.folded, names)))


def _allowed_domains(source: str, text: str) -> Bounds:
    names = _items(text)
    for name in names:
        if not email.is_domain(name):
            hint = "Write a domain such as example.com, or several separated by commas. There are no wildcards."
            raise _invalid(source, name, "a domain", hint)
    return Bounds(allowed_domains=tuple(map(email.folded, names)))


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.split(",")]


def _invalid(source: str, text: str, what: str, hint: str) -> UsageError:
    if not text.strip():
        return UsageError(f"{source} is empty", f"{hint} To set no floor, omit it.")
    return UsageError(f"{source}: {printable(text)!r} is not {what}", hint)


_READ: Mapping[str, Callable[[str, str], Bounds]] = {
    "--min-admins": _min_admins,
    "--max-removals": _max_removals,
    "--protect": _protect,
    "--allowed-domains": _allowed_domains,
}


def _with_floors(function: Callable[..., Any]) -> Callable[..., Any]:
    """Pass the floors from the options and the environment to a command as one argument."""

    @functools.wraps(function)
    def command(
        *args: Any,  # noqa: ANN401 - whatever the command takes
        min_admins: str | None,
        max_removals: str | None,
        protect: tuple[str, ...],
        allowed_domains: tuple[str, ...],
        **options: Any,  # noqa: ANN401 - as above
    ) -> Any:  # noqa: ANN401 - as above
        floors = floors_of(min_admins, max_removals, protect, allowed_domains, os.environ)
        return function(*args, floors=floors, **options)

    return command


floor_options = combined(
    option(
        Group.SAFETY,
        "--min-admins",
        metavar="N",
        help="Keep at least N accepted admins, whatever the document says. Also set by BEAMCTL_MIN_ADMINS.",
    ),
    option(
        Group.SAFETY,
        "--max-removals",
        metavar="N|N%",
        help="Allow at most N (or N%) removals, demotions and revocations, whatever the document says. "
        "Also set by BEAMCTL_MAX_REMOVALS.",
    ),
    option(
        Group.SAFETY,
        "--protect",
        multiple=True,
        metavar="EMAIL",
        shell_complete=candidates.emails,
        help="Never remove or demote this person. '*@DOMAIN' means everyone at the domain, without its subdomains. "
        "Separate several with commas, or repeat the option. Also set by BEAMCTL_PROTECT.",
    ),
    option(
        Group.SAFETY,
        "--allowed-domains",
        multiple=True,
        metavar="DOMAIN",
        help="Give access only to people at this domain. Separate several with commas, or repeat the option. "
        "Also set by BEAMCTL_ALLOWED_DOMAINS.",
    ),
    _with_floors,
)
