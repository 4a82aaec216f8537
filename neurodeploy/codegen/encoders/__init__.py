"""Encoders as streams of integers: one description per coder, run by numpy and printed as C."""

from neurodeploy.codegen.encoders.build import Front, describe, front_of
from neurodeploy.codegen.encoders.run import encode
from neurodeploy.codegen.encoders.stream import Stream

__all__ = ["Front", "Stream", "describe", "encode", "front_of"]
