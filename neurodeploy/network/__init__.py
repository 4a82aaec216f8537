"""The float network: NIR plus the contract under which it is stepped."""

from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.network import InputRange, Network, Source

__all__ = ["InputRange", "Network", "NetworkBuilder", "Source"]
