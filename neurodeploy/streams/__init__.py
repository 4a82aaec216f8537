"""Streams: encoders in integers, each described once, run by numpy here and printed as C by ``codegen.encoders``.

An encoder has four forms, and each has one name in every room:

- a **coder** (``neurodeploy.encoding.Coder``) is what a user tunes: a method with its parameters, in float;
- a **deployed encoder** (``neurodeploy.encoding.deployed.DeployedEncoder``) is a coder with the range and the width
  of its samples fixed, as ``encoder.json`` holds it;
- a **host encoder** (``neurodeploy.host.HostEncoder``) is the plain data that a network or a bundle keeps: the settings
  of a deployed encoder, the input that it feeds and the number of its signals;
- a **stream** (``Stream``) is the deployed encoder in integers for that number of signals: one step as values with
  proven ranges.

``build_stream`` and ``stream_of`` lead to a stream, and ``encode`` runs it.
"""

from neurodeploy.streams.build import build_stream, stream_of
from neurodeploy.streams.run import encode
from neurodeploy.streams.stream import Stream

__all__ = ["Stream", "build_stream", "encode", "stream_of"]
