"""The kind `service_account`: machine identities, their roles, and where their client secrets go."""
