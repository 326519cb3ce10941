"""The kind `member`: people, their roles and their invitations."""

from beamctl.kinds.member.kind import MemberKind

__all__ = ["MemberKind"]
