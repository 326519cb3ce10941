"""The HTTP client of the API: configuration, credentials, retries and throttling."""
