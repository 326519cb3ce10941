"""The real API behind the ports: settings, credentials, retries, and the one importer of httpx."""
