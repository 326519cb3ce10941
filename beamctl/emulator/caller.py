"""The caller of a request: a person, a service account, or the operator of the emulator."""

from __future__ import annotations

from dataclasses import dataclass

from beamctl.emulator.permission import Sort


@dataclass(frozen=True, slots=True)
class Person:
    """A person with an account.

    Attributes:
        sub: The ID of the account.
        email: The address, as written.
    """

    sub: str
    email: str

    @property
    def sort(self) -> Sort:
        """The sort of caller."""
        return Sort.PERSON

    @property
    def name(self) -> str:
        """The value for `createdBy` and similar fields."""
        return self.sub


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account of one workspace.

    Attributes:
        client_id: Its client ID.
        workspace_id: The row of its workspace.
        role: Its role in the workspace.
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
        """The value for `createdBy` and similar fields."""
        return self.client_id


@dataclass(frozen=True, slots=True)
class Operator:
    """The operator, who runs the emulator in their own process: has every permission and is listed nowhere."""

    @property
    def sort(self) -> Sort:
        """The sort of caller."""
        return Sort.OPERATOR

    @property
    def name(self) -> str:
        """The value for `createdBy` and similar fields."""
        return OPERATOR_NAME


OPERATOR_NAME = "operator"

Caller = Person | ServiceAccount | Operator
