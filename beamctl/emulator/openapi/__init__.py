"""The emulator's OpenAPI document, generated from its routes, permission tables and schemas."""
