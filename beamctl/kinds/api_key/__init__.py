"""The kind `api_key`: the API keys of service accounts, their lifetimes, and where they go."""
