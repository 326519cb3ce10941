"""How a page answers: a template with a status, or the way to another page with a notice. It must not know pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, redirect, render_template, url_for

from beamctl.emulator.web.form import Trouble

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from beamctl.emulator.web.notice import Notice

Page = Response


def shown(template: str, trouble: Trouble | None = None, **values: Any) -> Page:  # noqa: ANN401 - what the template reads
    """The page that a template makes; with what is wrong with the form that was sent to it, and its status."""
    status = trouble.status if trouble else HTTPStatus.OK
    return make_response(render_template(template, trouble=trouble, **values), status)


def go(endpoint: str, notice: Notice | None = None, **values: str) -> AnyResponse:
    """The way to another page, by GET, which says what was done."""
    wanted: dict[str, Any] = {**values, "done": notice.slug} if notice else {**values}
    return redirect(url_for(endpoint, **wanted), HTTPStatus.SEE_OTHER)


def back(path: str, otherwise: str) -> AnyResponse:
    """The way back to where somebody was before they had to sign in; only to a page of ours."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return redirect(path if ours else url_for(otherwise), HTTPStatus.SEE_OTHER)
