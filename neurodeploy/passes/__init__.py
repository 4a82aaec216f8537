"""Transformations from a Network to a Program, one file per pass."""
