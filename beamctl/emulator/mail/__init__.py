"""Letters: what they say, how they are written as e-mails, and how they reach people. Nothing here may know rows or
requests."""
