"""The kind `settings`: the display name, labels and group mappings of a workspace."""
