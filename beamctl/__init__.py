"""Access as code for Beamlit (Blaxel) workspaces."""

__version__ = "0.1.0"
