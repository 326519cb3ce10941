"""Reports for people: one module a command, one string each."""
