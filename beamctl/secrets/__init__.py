"""Reads, stores and hides secrets."""
