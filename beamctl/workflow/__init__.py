"""The stories behind the commands, one module each. Progress, confirmation and output are arguments."""
