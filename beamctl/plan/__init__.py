"""The engine: what differs, in which order it may be made, and what is dangerous about it. It knows no kind by name."""
