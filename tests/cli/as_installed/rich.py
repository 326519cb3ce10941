"""Stands in for `rich`, which beamctl does not require: in a child process it cannot be imported."""

raise ModuleNotFoundError(name="rich")
