"""The pages of the console, one blueprint per module."""
