"""Deletes a workspace: whether it is allowed, what would be lost, and the API call."""
