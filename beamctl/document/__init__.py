"""Reads, checks and writes YAML documents."""
