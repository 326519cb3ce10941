"""YAML text in, documents and problems out. It must not know any kind, any file system or the API."""
