"""The command line: options, a use case, a view, an exit code. One file a command."""
