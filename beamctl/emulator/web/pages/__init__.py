"""The pages of the console, one blueprint per module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beamctl.emulator.web.pages import (
    account_keys,
    device,
    invitation,
    profile,
    service_accounts,
    settings,
    sign_in,
    team,
    workspaces,
)

if TYPE_CHECKING:
    from flask import Blueprint

PAGES: tuple[Blueprint, ...] = (
    sign_in.page,
    invitation.page,
    device.page,
    profile.page,
    workspaces.page,
    team.page,
    service_accounts.page,
    account_keys.page,
    settings.page,
)
"""All pages."""
