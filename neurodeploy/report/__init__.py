"""Renderings of values for people: console tables and pages."""
