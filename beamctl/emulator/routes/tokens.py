"""`POST /oauth/token`: tokens for client credentials, and fresh ones for a refresh token, from a JSON or a form body.
It must not know what a token lets one do."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from beamctl.emulator import body, token
from beamctl.emulator.authentication import by_subject
from beamctl.emulator.call import Answer, Call, Inbound, Reach, Route
from beamctl.emulator.credential import digest
from beamctl.emulator.errors import bad_request
from beamctl.emulator.store import secret, service_account

_FORM = "application/x-www-form-urlencoded"
_NOT_STORED = {"Cache-Control": "no-store"}


def exchange(call: Call) -> Answer:
    """Tokens for a grant."""
    fields = _fields(call.inbound)
    match fields.get("grant_type"):
        case "client_credentials":
            return _for_client_credentials(call, fields)
        case "refresh_token":
            return _for_refresh_token(call, fields)
        case _:
            raise bad_request("invalid grant_type: must be client_credentials or refresh_token")


def _for_client_credentials(call: Call, fields: Mapping[str, Any]) -> Answer:
    client_id, client_secret = _basic(call.inbound) or (fields.get("client_id"), fields.get("client_secret"))
    if not isinstance(client_id, str) or not client_id:
        raise bad_request("missing client_id")
    if not isinstance(client_secret, str) or not client_secret:
        raise bad_request("missing client_secret")
    if not service_account.has_secret(call.rows, client_id, digest(client_secret)):
        raise bad_request("invalid client_secret")
    refresh = token.issue(secret.token_secret(call.rows), client_id, token.Use.REFRESH, call.moment)
    return _tokens(call, client_id, refresh)


def _for_refresh_token(call: Call, fields: Mapping[str, Any]) -> Answer:
    refresh = fields.get("refresh_token")
    if not isinstance(refresh, str) or not refresh:
        raise bad_request("missing refresh_token")
    subject = token.subject(secret.token_secret(call.rows), refresh, token.Use.REFRESH, call.moment)
    if not subject or by_subject(call.rows, subject) is None:
        raise bad_request("invalid refresh_token")
    return _tokens(call, subject, refresh)


def _tokens(call: Call, subject: str, refresh: str) -> Answer:
    answer = {
        "access_token": token.issue(secret.token_secret(call.rows), subject, token.Use.ACCESS, call.moment),
        "refresh_token": refresh,
        "expires_in": int(token.LIFETIME.total_seconds()),
        "token_type": "Bearer",
    }
    return Answer(answer, _NOT_STORED)


def _fields(inbound: Inbound) -> Mapping[str, Any]:
    if inbound.headers.get("Content-Type", "").partition(";")[0].strip().lower() != _FORM:
        return body.json_object(inbound.body)
    try:
        return dict(parse_qsl(inbound.body.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise bad_request("the body is not a valid form") from None


def _basic(inbound: Inbound) -> tuple[str, str] | None:
    """Identifier and secret from the Authorization header, where there is one for basic authentication."""
    scheme, _, encoded = inbound.headers.get("Authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        raise bad_request("invalid Authorization header") from None
    return client_id, client_secret


ROUTES = (Route("POST", "/oauth/token", Reach.OPEN, None, exchange),)
