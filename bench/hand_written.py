"""The baseline: a minimal script that compares one document with one workspace, using the same libraries."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
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


def main() -> None:
    """Compare a document with a workspace."""
    path, url = sys.argv[1:]
    desired = desired_members(Path(path).read_text())
    with httpx.Client(headers={"X-Blaxel-Authorization": "Bearer made-up", "X-Blaxel-Workspace": "acme"}) as client:
        live = {user["email"].lower(): user["role"] for user in client.get(f"{url}/users").raise_for_status().json()}
    wrong = [(email, role) for email, role in desired.items() if live.get(email) != role]
    extra = live.keys() - desired.keys()
    print(f"{len(wrong) + len(extra)} changes")


if __name__ == "__main__":
    main()
