"""A small convolutional network with a head, for tests that need one of every part."""

import numpy as np

from neurodeploy.host import Head, Host
from neurodeploy.network import InputRange, Network, NetworkBuilder


def network() -> Network:
    build = NetworkBuilder()
    at = build.input("input", (2, 6, 6), InputRange(0.0, 1.0, 0.125, declared=True))
    at = build.conv("conv", at, np.arange(54).reshape(3, 2, 3, 3) / 32 - 0.5, stride=2, padding=1)
    at = build.lif("lif", at, 0.002, 0.5, reset="zero")
    at = build.flatten("flat", at)
    at = build.linear("fc", at, np.sin(np.arange(108)).reshape(4, 27))
    build.output("output", build.integrate("readout", at, 1.0))
    return build.build(Host(Head("spike-count-argmax", "readout")))
