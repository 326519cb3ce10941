"""Fault injection: the kinds of faults, when they happen, and the WSGI wrapper that applies them."""
