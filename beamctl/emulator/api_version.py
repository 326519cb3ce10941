"""The `Blaxel-Version` header: which values the API knows, and from which on it lists in pages. It must not know what
is listed."""

from __future__ import annotations

KNOWN = ("2026-04-16", "2026-04-28", "2026-09-22")
"""The versions that the documentation and the official clients name."""

FIRST_WITH_PAGES = "2026-04-28"


def fault(version: str | None) -> dict[str, str] | None:
    """The body of the 400 for a version that is not known; None where it is, or where none is given."""
    if version is None or version.strip().removesuffix(".preview") in KNOWN:
        return None
    known = ", ".join(KNOWN)
    return {
        "error": "invalid_api_version",
        "message": f'Unknown API version "{version}". Valid versions: {known}',
    }


def has_pages(version: str | None) -> bool:
    """Whether listings are `{data, meta}` in that version, which is known; without a header they are bare."""
    return (version or "").strip() >= FIRST_WITH_PAGES
