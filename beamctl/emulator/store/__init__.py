"""The rows of the control plane, one module for each sort. Nothing here knows HTTP, credentials or permissions."""
