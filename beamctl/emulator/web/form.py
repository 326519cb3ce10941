"""Form input and its errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus

from flask import request

from beamctl.emulator.errors import Refusal
from beamctl.emulator.web import field_text


@dataclass(frozen=True, slots=True)
class FormError:
    """An error in a form.

    Attributes:
        text: A sentence that says what to do.
        field: The ID of the field.
        status: The HTTP status of the page.
    """

    text: str
    field: str
    status: int = 400


def refused(refusal: Refusal, field: str) -> FormError:
    """An API error, shown next to the field that most likely caused it.

    Raises:
        Refusal: 401 or 403: no other input helps, and the field may not be on the page.
    """
    if refusal.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise refusal
    return FormError(field_text.refusal(refusal), field, int(refusal.status))


def field(name: str) -> str:
    """A field of the form, stripped; empty if it is absent."""
    return request.form.get(name, "").strip()


def fields(name: str) -> list[str]:
    """All fields with this name, in order, stripped."""
    return [value.strip() for value in request.form.getlist(name)]


def restored(typed: str, known: Iterable[str]) -> str:
    """The known text that was shown as `typed`: browsers remove line breaks from one-line fields."""
    for text in known:
        if text.replace("\r", "").replace("\n", "").strip() == typed:
            return text
    return typed
