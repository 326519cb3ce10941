"""E-mails: their contents, their format, and their delivery."""
