"""What a reviewer sees, in order, as values: reports in Markdown and HTML are made from it."""
