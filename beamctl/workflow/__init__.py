"""The stories behind the commands. `questions` only reads; `changes` can write."""
