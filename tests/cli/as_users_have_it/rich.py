"""Nothing that beamctl needs brings `rich`: in a process of its own it is not there."""

raise ModuleNotFoundError(name="rich")
