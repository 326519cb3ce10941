"""The emulator's own OpenAPI document: made from its routes, its permission tables and the schemas, so that it cannot
tell anything else than they do. It must not know how it is served, nor how a route does what it says."""
