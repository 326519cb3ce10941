"""Text reports for people, one module per command."""
