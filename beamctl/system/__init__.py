"""The machine that beamctl runs on: files, git and other programs."""
