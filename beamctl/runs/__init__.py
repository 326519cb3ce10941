"""Stores run records, one file per `apply`."""
