"""What runs in a peer's own environment: nothing here imports neurodeploy."""
