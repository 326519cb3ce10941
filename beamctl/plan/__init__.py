"""The engine: compares desired with live, orders the changes, and finds the hazards. Kinds are known only through
`kind.Kind`."""
