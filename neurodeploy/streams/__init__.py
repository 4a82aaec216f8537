"""Encoders as streams of integers: one description per coder, run by numpy and printed as C."""

from neurodeploy.streams.build import Front, describe, front_of
from neurodeploy.streams.run import encode
from neurodeploy.streams.stream import Stream

__all__ = ["Front", "Stream", "describe", "encode", "front_of"]
