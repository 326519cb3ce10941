"""The database rows of the control plane, one module per table."""
