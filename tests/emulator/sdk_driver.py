"""Runs operations of the official `blaxel` SDK, in a process of its own: one JSON line in for each, one line out. A
connection to anything but this machine fails, and is told of in the answer."""

import importlib
import json
import socket
import sys
from functools import cache
from typing import Any

AWAY: list[str] = []


def only_loopback(event: str, args: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo" and args[0] not in ("127.0.0.1", None):
        AWAY.append(str(args[0]))
        raise OSError(f"no name is looked up here: {args[0]}")
    if event == "socket.connect" and args[0].family != socket.AF_UNIX and args[1][0] != "127.0.0.1":
        AWAY.append(str(args[1]))
        raise OSError(f"nothing leaves this machine: {args[1]}")


def plain(parsed: Any) -> Any:
    if isinstance(parsed, list):
        return [plain(each) for each in parsed]
    return parsed.to_dict() if hasattr(parsed, "to_dict") else parsed


def perform(client: Any, step: dict[str, Any]) -> dict[str, Any]:
    operation = importlib.import_module(f"blaxel.core.client.api.{step['operation']}")
    try:
        answer = operation.sync_detailed(*step["path"], client=client, **step["given"])
    except Exception as error:  # noqa: BLE001 - which one it is, is what the test asks
        return {"raised": type(error).__name__, "status": getattr(error, "status_code", None)}
    return {"status": int(answer.status_code), "parsed": plain(answer.parsed)}


@cache
def client_of(base: str, key: str, pair: str) -> Any:
    """The SDK's client for an API key, or else for client credentials."""
    apikey = importlib.import_module("blaxel.core.authentication.apikey")
    credentials = importlib.import_module("blaxel.core.authentication.clientcredentials")
    types = importlib.import_module("blaxel.core.authentication.types")
    version = importlib.import_module("blaxel.core.common.settings").settings.api_version
    if pair:
        shown = types.CredentialsType(client_credentials=pair, workspace="acme")
        auth = credentials.ClientCredentials(shown, "acme", base)
    else:
        auth = apikey.ApiKey(types.CredentialsType(api_key=key, workspace="acme"), "acme", base)
    make = importlib.import_module("blaxel.core.client").Client
    return make(base_url=base, headers={"Blaxel-Version": version}, auth=auth)


def main() -> None:
    sys.addaudithook(only_loopback)
    for line in sys.stdin:
        step = json.loads(line)
        answer = perform(client_of(step["base"], step["key"], step["pair"]), step)
        sys.stdout.write(json.dumps({**answer, "away": AWAY}, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
