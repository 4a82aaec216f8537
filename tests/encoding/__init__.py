"""Tests of neurodeploy.encoding."""
