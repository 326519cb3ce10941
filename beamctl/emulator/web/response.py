"""Page responses: a rendered template, or a redirect with a notice."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response, make_response, redirect, render_template, url_for

from beamctl.emulator.web.form import FormError

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

    from beamctl.emulator.web.notice import Notice

Page = Response


def shown(template: str, form_error: FormError | None = None, **values: Any) -> Page:  # noqa: ANN401 - template variables
    """Render a template, with the error of the submitted form and its status."""
    status = form_error.status if form_error else HTTPStatus.OK
    return make_response(render_template(template, form_error=form_error, **values), status)


def go(endpoint: str, notice: Notice | None = None, **values: str) -> AnyResponse:
    """Redirect to a page by GET, with a notice."""
    arguments: dict[str, Any] = {**values, "done": notice.slug} if notice else {**values}
    return redirect(url_for(endpoint, **arguments), HTTPStatus.SEE_OTHER)


def back(path: str, otherwise: str) -> AnyResponse:
    """Redirect to where the person was before signing in, if it is one of our pages."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return redirect(path if ours else url_for(otherwise), HTTPStatus.SEE_OTHER)
