"""The kind `service_account`: machine identities, their roles, and where their client secrets go."""

from beamctl.kinds.service_account.kind import ServiceAccountKind

__all__ = ["ServiceAccountKind"]
