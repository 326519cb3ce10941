"""One module per command: options → workflow → report → exit code."""
