"""The kind `member`: people, their roles and their invitations."""
