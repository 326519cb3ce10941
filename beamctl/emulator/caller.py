"""Who makes a request: a person, a service account, or the operator who owns the emulator. It must not know how
somebody shows who they are."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.emulator.permission import Sort


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account.

    Attributes:
        sub: The identifier of the account.
        email: The address, as it was written.
    """

    sub: str
    email: str

    @property
    def sort(self) -> Sort:
        """The sort of caller."""
        return Sort.PERSON

    @property
    def name(self) -> str:
        """What stands in `createdBy` and its like."""
        return self.sub


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account, which lives in one workspace.

    Attributes:
        client_id: Its identifier.
        workspace_id: The row of its workspace.
        role: Its role there.
    """

    client_id: str
    workspace_id: int
    role: str

    @property
    def sort(self) -> Sort:
        """The sort of caller."""
        return Sort.SERVICE_ACCOUNT

    @property
    def name(self) -> str:
        """What stands in `createdBy` and its like."""
        return self.client_id


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs the emulator inside their own process: may everything, and is listed nowhere."""

    @property
    def sort(self) -> Sort:
        """The sort of caller."""
        return Sort.OPERATOR

    @property
    def name(self) -> str:
        """What stands in `createdBy` and its like."""
        return OPERATOR_NAME


OPERATOR_NAME = "operator"

Caller = Person | ServiceAccount | Operator
