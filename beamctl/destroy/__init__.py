"""Deleting a workspace for good: may it be, what would be lost, is it still so, and the one call. It knows no HTTP, and
nothing that plans or applies knows it."""
