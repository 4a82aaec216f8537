"""What can be known of a network without running it."""
