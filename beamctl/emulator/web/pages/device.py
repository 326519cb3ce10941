"""The page to approve or deny a device login by its code."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, request

from beamctl.emulator.store import device_login
from beamctl.emulator.web.form import FormError, field
from beamctl.emulator.web.page_request import here
from beamctl.emulator.web.response import Page, shown

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as AnyResponse

page = Blueprint("device", __name__)

_NO_SUCH_CODE = (
    "No pending login has this code. Codes are valid for ten minutes; start the login again to get a new one."
)


@page.get("/device")
def show(form_error: FormError | None = None) -> Page:
    """Ask for the code or, if the URL contains it, for the decision."""
    visit = here()
    email, code = visit.person.email, request.values.get("user_code", "").strip()
    if code and not form_error:
        with visit.plane.database.reading() as db:
            login = device_login.by_user_code(db, code)
        if login and login.can_be_approved(visit.plane.now()):
            return shown("device_confirm.html", email=email, code=code, client=login.client_id)
        form_error = FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND)
    return shown("device.html", form_error, email=email, code=code)


@page.post("/device")
def decide() -> AnyResponse:
    """Approve or deny."""
    visit = here()
    sub, moment, approves = visit.person.sub, visit.plane.now(), field("decision") == "approve"
    with visit.plane.database.writing() as db:
        login = device_login.by_user_code(db, field("user_code"))
        done = login and (
            device_login.approve(db, login, sub, moment) if approves else device_login.deny(db, login, moment)
        )
    if not done:
        return show(FormError(_NO_SUCH_CODE, "user_code", HTTPStatus.NOT_FOUND))
    return shown("device_done.html", approved=approves)
