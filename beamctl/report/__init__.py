"""Views: values in, strings out. Nothing here prints, reads the terminal, or knows a kind by name."""
