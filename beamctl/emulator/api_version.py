"""The `Blaxel-Version` header: which values the API knows. It must not know what a version changes."""

from __future__ import annotations

KNOWN = ("2026-04-16", "2026-04-28", "2026-09-22")
"""The versions that the documentation and the official clients name."""


def fault(version: str | None) -> dict[str, str] | None:
    """The body of the 400 for a version that is not known; None where it is, or where none is given."""
    if version is None or version.strip().removesuffix(".preview") in KNOWN:
        return None
    known = ", ".join(KNOWN)
    return {
        "error": "invalid_api_version",
        "message": f'Unknown API version "{version}". Valid versions: {known}',
    }
