"""The kind `secret`: the secrets of a workspace, whose values the API never returns."""
