"""Reports: functions from values to strings."""
