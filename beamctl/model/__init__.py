"""Nouns that every kind shares. Pure values: nothing here knows of YAML, HTTP or the command line."""
