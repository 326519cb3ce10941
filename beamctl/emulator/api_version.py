"""The `Blaxel-Version` header: which versions exist, and which of them have pages."""

from __future__ import annotations

KNOWN = ("2026-04-16", "2026-04-28", "2026-09-22")
"""The versions named by the documentation and the official clients."""

FIRST_WITH_PAGES = "2026-04-28"


def fault(version: str | None) -> dict[str, str] | None:
    """The body of the 400 for an unknown version; None if the version is known or not given."""
    if version is None or version.strip().removesuffix(".preview") in KNOWN:
        return None
    known = ", ".join(KNOWN)
    return {
        "error": "invalid_api_version",
        "message": f'Unknown API version "{version}". Valid versions: {known}',
    }


def has_pages(version: str | None) -> bool:
    """Whether this known version returns listings as `{data, meta}`; without the header they are bare lists."""
    return (version or "").strip() >= FIRST_WITH_PAGES
