"""What one step of a Program does, as data, and its renderings in other languages."""
