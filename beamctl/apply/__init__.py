"""Makes the changes of a plan, stage by stage, and reports the result of each."""
