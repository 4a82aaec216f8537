"""Source formats to Networks, one file per format."""
