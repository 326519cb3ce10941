"""The seed: what a fresh control plane begins with, from plain data into rows. Nothing here knows HTTP."""
