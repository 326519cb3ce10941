"""The command line: each command parses its options, runs a workflow, prints a view and returns an exit code."""
