"""`POST /login/device`: starts a login of a device without a browser, to be approved elsewhere."""

from __future__ import annotations

from beamctl.emulator import body, rules
from beamctl.emulator.call import Answer, Call, Reach, Route
from beamctl.emulator.credential import digest, new_device_code, new_user_code, user_code_digest
from beamctl.emulator.errors import bad_request
from beamctl.emulator.store import device_login

PAGE = "/device"
"""The page to approve a login, below the public URL."""


def begin_login(call: Call) -> Answer:
    """Return the device code for polling and the user code for approval."""
    fields = body.json_or_form(call.inbound.body, call.inbound.headers.get("Content-Type", ""))
    client_id = fields.get("client_id")
    if wrong := rules.filled_text(client_id):
        raise bad_request(f"client_id {wrong}")
    if wrong := rules.description(fields.get("scope", "")):
        raise bad_request(f"scope {wrong}")
    device_code, user_code = new_device_code(), new_user_code()
    device_login.add(call.db, digest(device_code), user_code_digest(user_code), str(client_id), call.moment)
    page = call.public_url + PAGE
    answer = {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": int(device_login.LIFETIME.total_seconds()),
        "interval": device_login.INTERVAL,
    }
    return Answer({**answer, "client_id": client_id} if call.beamlit else answer, {"Cache-Control": "no-store"})


ROUTES = (
    Route(
        "POST",
        "/login/device",
        Reach.OPEN,
        None,
        begin_login,
        writes=True,
        request_schema="device_login_request",
        response_schema="device_login",
    ),
)
