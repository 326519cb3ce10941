"""Values and types that all packages share."""
