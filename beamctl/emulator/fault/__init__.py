"""Faults on demand: what can go wrong, when it does, and the doing of it around the application. Nothing here knows a
route, a row or a credential."""
