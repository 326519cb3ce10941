"""Seeds: the initial data of a control plane, from plain data to database rows."""
