"""Making the changes of a plan, stage by stage, and saying what became of each. It knows no kind and no HTTP."""
