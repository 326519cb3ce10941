"""OAuth2 tokens for client credentials, refresh tokens and device logins; OpenID metadata; the regions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, assert_never

from beamctl.emulator import rules
from beamctl.emulator.behavior import BehaviorFlag
from beamctl.emulator.call import Answer, Call, Inbound, check, json_or_form
from beamctl.emulator.credentials import (
    ACCESS_LIFETIME,
    TokenUse,
    digest,
    issue_token,
    new_device_code,
    new_user_code,
    token_subject,
    user_code_digest,
)
from beamctl.emulator.errors import bad_request
from beamctl.emulator.permission import Permission
from beamctl.emulator.routing import Reach, Route, by_subject
from beamctl.emulator.store import people, service_account, signing_secret
from beamctl.emulator.store.people import LOGIN_LIFETIME, POLL_INTERVAL, DeviceLogin, LoginState

_DEVICE_PAGE = "/device"
"""The page to approve a login, below the public URL."""

_NOT_STORED = {"Cache-Control": "no-store"}

_SLOW_DOWN_SECONDS = 5
"""How much each early poll adds to the interval (RFC 8628)."""


def begin_login(call: Call) -> Answer:
    """Return the device code for polling and the user code for approval."""
    fields = json_or_form(call.inbound.body, call.inbound.headers.get("Content-Type", ""))
    client_id = fields.get("client_id")
    check("client_id", rules.filled_text, client_id)
    check("scope", rules.description, fields.get("scope", ""))
    device_code, user_code = new_device_code(), new_user_code()
    people.add_login(call.db, digest(device_code), user_code_digest(user_code), str(client_id), call.moment)
    page = call.public_url + _DEVICE_PAGE
    answer = {
        "device_code": device_code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": f"{page}?user_code={user_code}",
        "expires_in": int(LOGIN_LIFETIME.total_seconds()),
        "interval": POLL_INTERVAL,
    }
    return Answer({**answer, "client_id": client_id} if call.beamlit else answer, {"Cache-Control": "no-store"})


def exchange(call: Call) -> Answer:
    """Exchange a grant for tokens."""
    fields = json_or_form(call.inbound.body, call.inbound.headers.get("Content-Type", ""))
    grant = fields.get("grant_type")
    if not isinstance(grant, str) or grant not in _EXCHANGES:
        raise bad_request(f"invalid grant_type: must be one of {', '.join(_EXCHANGES)}")
    return _EXCHANGES[grant](call, fields)


def _for_client_credentials(call: Call, fields: Mapping[str, Any]) -> Answer:
    client_id, client_secret = _basic(call.inbound) or (fields.get("client_id"), fields.get("client_secret"))
    if not isinstance(client_id, str) or not client_id:
        raise bad_request("missing client_id")
    if not isinstance(client_secret, str) or not client_secret:
        raise bad_request("missing client_secret")
    if not service_account.has_secret(call.db, client_id, digest(client_secret)):
        raise bad_request("invalid client_secret")
    return _tokens(call, client_id)


def _for_refresh_token(call: Call, fields: Mapping[str, Any]) -> Answer:
    refresh = fields.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise bad_request("missing refresh_token")
    subject = token_subject(signing_secret(call.db), refresh, TokenUse.REFRESH, call.moment)
    if not subject or by_subject(call.db, subject) is None:
        raise bad_request("invalid refresh_token")
    return _tokens(call, subject, refresh)


def _for_device_code(call: Call, fields: Mapping[str, Any]) -> Answer:
    """Tokens for an approved login; before that, tell the device to wait, longer if it polls too fast."""
    login = _device_login(call, fields)
    if login.expired(call.moment):
        raise bad_request("expired_token")
    match login.state:
        case LoginState.PENDING:
            too_soon = login.polled_too_soon(call.moment)
            people.note_poll(call.db, login, _SLOW_DOWN_SECONDS if too_soon else 0, call.moment)
            return _not_ready("slow_down" if too_soon else "authorization_pending", call.flags)
        case LoginState.DENIED:
            raise bad_request("access_denied")
        case LoginState.USED:
            raise bad_request("invalid device_code: it has already been used")
        case LoginState.APPROVED:
            people.use_login(call.db, login)
            return _tokens(call, str(login.sub))
        case _:
            assert_never(login.state)


def _device_login(call: Call, fields: Mapping[str, Any]) -> DeviceLogin:
    code = fields.get("device_code")
    if not isinstance(code, str) or not code:
        raise bad_request("missing device_code")
    login = people.find_login(call.db, digest(code))
    if login is None:
        raise bad_request("invalid device_code")
    if fields.get("client_id", login.client_id) != login.client_id:
        raise bad_request("invalid client_id: another client started this login")
    return login


def _not_ready(error: str, flags: frozenset[BehaviorFlag]) -> Answer:
    """Tell the device to poll again. Not an `ApiError`, because the poll must be recorded."""
    waits = error == "authorization_pending" and BehaviorFlag.PENDING_IS_202 in flags
    status = HTTPStatus.ACCEPTED if waits else HTTPStatus.BAD_REQUEST
    return Answer({"error": error, "code": int(status)}, _NOT_STORED, status=status)


def _tokens(call: Call, subject: str, refresh: str = "") -> Answer:
    """Tokens for a subject, with a new refresh token unless one is given."""
    key = signing_secret(call.db)
    answer = {
        "access_token": issue_token(key, subject, TokenUse.ACCESS, call.moment),
        "refresh_token": refresh or issue_token(key, subject, TokenUse.REFRESH, call.moment),
        "expires_in": int(ACCESS_LIFETIME.total_seconds()),
        "token_type": "Bearer",
    }
    return Answer(answer, _NOT_STORED)


def _basic(inbound: Inbound) -> tuple[str, str] | None:
    """Client ID and secret of basic authentication, if the header has them."""
    scheme, _, encoded = inbound.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise bad_request("invalid Authorization header") from None
    return client_id, client_secret


_EXCHANGES: Mapping[str, Callable[[Call, Mapping[str, Any]], Answer]] = {
    "client_credentials": _for_client_credentials,
    "refresh_token": _for_refresh_token,
    "urn:ietf:params:oauth:grant-type:device_code": _for_device_code,
}
GRANTS = tuple(_EXCHANGES)
"""The supported grant types."""

CONFIGURATION: dict[str, Any] = {
    "continents": [
        {"name": "eu", "displayName": "Europe"},
        {"name": "na", "displayName": "North America"},
    ],
    "countries": [
        {"name": "gb", "displayName": "United Kingdom"},
        {"name": "us", "displayName": "United States"},
    ],
    "regions": [
        {"name": "eu-lon-1", "continent": "eu", "country": "gb"},
        {"name": "us-pdx-1", "continent": "na", "country": "us"},
    ],
    "privateLocations": [],
    "detectedRegion": "",
}
"""The shape is documented, the contents are invented."""

REGIONS: list[dict[str, str]] = CONFIGURATION["regions"]
"""Where deployments run."""


def show_configuration(_call: Call) -> Answer:
    """Return the regions of the platform."""
    return Answer(CONFIGURATION)


def show_openid_configuration(call: Call) -> Answer:
    """Return OpenID discovery metadata.

    It lacks the response types, algorithms and keys that OpenID requires, because there is no authorization endpoint
    and no ID token.
    """
    base = call.inbound.base_url
    return Answer(
        {
            "issuer": call.inbound.issuer,
            "token_endpoint": f"{base}/oauth/token",
            "device_authorization_endpoint": f"{base}/login/device",
            "subject_types_supported": ["public"],
            "scopes_supported": ["openid", "email", "profile", "offline_access"],
            "grant_types_supported": list(GRANTS),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )


ROUTES = (
    Route(
        "POST",
        "/login/device",
        None,
        begin_login,
        request="device_login_request",
        response="device_login",
        reach=Reach.OPEN,
    ),
    Route(
        "POST",
        "/oauth/token",
        None,
        exchange,
        request="token_request",
        response="token_response",
        accepted="device_login_pending",
        allows_form=True,
        reach=Reach.OPEN,
    ),
    Route(
        "GET",
        "/configuration",
        Permission.CONFIGURATION,
        show_configuration,
        response="configuration",
        reach=Reach.CALLER,
    ),
    Route(
        "GET",
        "/.well-known/openid-configuration",
        None,
        show_openid_configuration,
        response="openid_configuration",
        reach=Reach.OPEN,
        aliases=("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"),
    ),
)
