"""What policies, integration connections and environments share: a name, metadata and a spec. Each kind is a `Shape`
with its own module for what differs."""
