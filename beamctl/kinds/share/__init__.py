"""The kind `share`: images and custom domains that other workspaces may use."""
