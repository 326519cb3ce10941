"""The kind `api_key`: the API keys of service accounts, their lifetimes, and where they go."""

from beamctl.kinds.api_key.kind import ApiKeyKind

__all__ = ["ApiKeyKind"]
