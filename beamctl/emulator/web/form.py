"""What people typed into a form, and what is wrong with it. It must not know which form."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from flask import request

from beamctl.emulator.errors import Refusal
from beamctl.emulator.web import field_text


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a form.

    Attributes:
        text: A sentence that says what to do.
        field: The id of the field that it is about.
        status: The HTTP status of the page that says so.
    """

    text: str
    field: str
    status: int = 400


def refused(refusal: Refusal, field: str) -> Trouble:
    """What the API refuses, beside the field that it is likely to be about.

    Raises:
        Refusal: 401 or 403: no other input helps, and the field may not be on the page.
    """
    if refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise refusal
    return Trouble(field_text.refusal(refusal), field, int(refusal.status))


def field(name: str) -> str:
    """A field of the form, without space around it; empty where there is none."""
    return request.form.get(name, "").strip()


def fields(name: str) -> list[str]:
    """All fields of that name, in order, without space around them."""
    return [value.strip() for value in request.form.getlist(name)]


def restored(typed: str, known: Iterable[str]) -> str:
    """The known text that a one-line field showed as what was typed: browsers leave line breaks out of such a field."""
    for text in known:
        if text.replace("\r", "").replace("\n", "").strip() == typed:
            return text
    return typed
