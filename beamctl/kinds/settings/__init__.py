"""The kind `settings`: the display name, labels and group mappings of a workspace."""

from beamctl.kinds.settings.kind import SettingsKind

__all__ = ["SettingsKind"]
