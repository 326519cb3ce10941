"""Runs operations of an official SDK in a child process: one JSON line in and one line out for each. Its arguments are
the package's name and, if it is not installed, its folder. A connection to another machine fails and is reported in
the output."""

import importlib
import importlib.util
import inspect
import json
import pkgutil
import socket
import sys
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import unquote

AWAY: list[str] = []
OPERATIONS = {"blaxel": "blaxel.core.client.api", "beamlit": "beamlit.api"}


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


def described(package: str) -> list[tuple[str, str, str]]:
    """Every operation, with its method and its path."""
    api = importlib.import_module(OPERATIONS[package])
    found = []
    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        if module.ispkg:
            continue
        request = importlib.import_module(module.name)._get_kwargs  # noqa: SLF001 - the only place that names the path
        required = [each.name for each in inspect.signature(request).parameters.values() if each.default is each.empty]
        body = SimpleNamespace(to_dict=dict)
        given = request(**{name: body if name == "body" else f"{{{name}}}" for name in required})
        found.append((module.name.removeprefix(f"{api.__name__}."), given["method"].upper(), unquote(given["url"])))
    return found


def filled(operation: Any, step: dict[str, Any]) -> dict[str, Any]:
    """The step, with the arguments that the operation requires."""
    wanted = inspect.signature(operation.sync_detailed).parameters.values()
    required = [each.name for each in wanted if each.kind is each.KEYWORD_ONLY and each.default is each.empty]
    given = {name: step["fill"].get(name, "seeded") for name in required if name not in ("client", "body")}
    body = {"body": step["body"]} if "body" in required else {}
    path = [step["fill"].get(each.name, "seeded") for each in wanted if each.kind is each.POSITIONAL_OR_KEYWORD]
    return {**step, "path": path, "given": given | body}


def perform(package: str, client: Any, step: dict[str, Any]) -> dict[str, Any]:
    if not step["operation"]:
        return {"operations": described(package)}
    operation = importlib.import_module(f"{OPERATIONS[package]}.{step['operation']}")
    step = filled(operation, step) if "fill" in step else step
    given = step["given"]
    if package == "beamlit" and "body" in given:  # which accepts only its own models
        model = inspect.signature(operation.sync_detailed).parameters["body"].annotation
        given = {**given, "body": model.from_dict(given["body"])}
    try:
        answer = operation.sync_detailed(*step["path"], client=client, **given)
    except Exception as error:  # noqa: BLE001 - the test checks its type
        return {"raised": type(error).__name__, "status": getattr(error, "status_code", None)}
    return {"status": int(answer.status_code), "parsed": plain(answer.parsed)}


@cache
def blaxel_client(base: str, key: str, pair: str) -> Any:
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


@cache
def beamlit_client(base: str, key: str, _pair: str) -> Any:
    """The client of its generated half, with its own way to show an API key."""
    make = importlib.import_module("beamlit").AuthenticatedClient
    provider = beamlit_authentication().ApiKeyProvider(SimpleNamespace(apiKey=key), "acme")
    return make(base_url=base, provider=provider)


@cache
def beamlit_authentication() -> ModuleType:
    """A single module by file: its package imports too much."""
    package = importlib.util.find_spec("beamlit")
    assert package
    assert package.origin
    path = Path(package.origin).with_name("authentication") / "apikey.py"
    spec = importlib.util.spec_from_file_location("beamlit_apikey", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def main(package: str, *folders: str) -> None:
    sys.path[:0] = folders
    sys.addaudithook(only_loopback)
    client_of = {"blaxel": blaxel_client, "beamlit": beamlit_client}[package]
    for line in sys.stdin:
        step = json.loads(line)
        answer = perform(package, client_of(step["base"], step["key"], step["pair"]), step)
        sys.stdout.write(json.dumps({**answer, "away": AWAY}, default=str) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
