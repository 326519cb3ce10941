"""The baseline: a minimal script with the same libraries.

`hand_written.py FILE` checks a document, `hand_written.py FILE URL` compares it with a workspace, and
`hand_written.py DIRECTORY URL` compares each document with its workspace, with several requests at the same time.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml


def desired_members(text: str) -> dict[str, str]:
    """The members of a document, read from the YAML event stream."""
    found: dict[str, str] = {}
    scalars: list[str] = []
    inside = False
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent):
            if depth == 1:
                inside = event.value == "members"
            elif inside:
                scalars.append(event.value)
        elif isinstance(event, yaml.MappingStartEvent):
            depth += 1
        elif isinstance(event, yaml.MappingEndEvent):
            depth -= 1
    for index in range(0, len(scalars), 2):
        found[scalars[index].lower()] = scalars[index + 1]
    return found


def validate(desired: dict[str, str]) -> None:
    """Check each distinct role against a schema."""
    import jsonschema

    validator = jsonschema.Draft202012Validator({"enum": ["admin", "member", "viewer"]})
    print(f"{sum(not validator.is_valid(role) for role in set(desired.values()))} problems")


def compare(desired: dict[str, str], url: str) -> None:
    """Compare the members with those of a workspace."""
    import httpx

    with httpx.Client(headers={"X-Blaxel-Authorization": "Bearer made-up", "X-Blaxel-Workspace": "acme"}) as client:
        live = {user["email"].lower(): user["role"] for user in client.get(f"{url}/users").raise_for_status().json()}
    wrong = [(email, role) for email, role in desired.items() if live.get(email) != role]
    extra = live.keys() - desired.keys()
    print(f"{len(wrong) + len(extra)} changes")


def compare_all(folder: Path, url: str) -> None:
    """Compare each document of a directory with its workspace: four requests each, 16 of all at the same time."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import local

    import httpx

    mine = local()

    def get(workspace: str, path: str) -> Any:  # noqa: ANN401 - any JSON
        if not hasattr(mine, "client"):
            mine.client = httpx.Client(headers={"X-Blaxel-Authorization": "Bearer made-up"})
        headers = {"X-Blaxel-Workspace": workspace}
        return mine.client.get(f"{url}/{path}", headers=headers).raise_for_status().json()

    documents = [yaml.load(file.read_text(), Loader=yaml.CSafeLoader) for file in sorted(folder.iterdir())]
    wrong = 0
    with ThreadPoolExecutor(16) as pool:
        answers = []
        for document in documents:
            name = document["workspace"]
            paths = ("users", f"workspaces/{name}", "service_accounts", "policies?limit=200")
            answers.append([pool.submit(get, name, path) for path in paths])
        for document, (users, settings, *others) in zip(documents, answers, strict=True):
            live = {user["email"].lower(): user["role"] for user in users.result()}
            wrong += {email.lower(): role for email, role in document["members"].items()} != live
            wrong += settings.result()["displayName"] != document["settings"]["displayName"]
            wrong += sum(bool(other.result()) for other in others)
    print(f"{wrong} differences")


if __name__ == "__main__":
    if Path(sys.argv[1]).is_dir():
        compare_all(Path(sys.argv[1]), sys.argv[2])
        sys.exit()
    members = desired_members(Path(sys.argv[1]).read_text())
    if len(sys.argv) > 2:  # noqa: PLR2004 - the file and the URL
        compare(members, sys.argv[2])
    else:
        validate(members)
