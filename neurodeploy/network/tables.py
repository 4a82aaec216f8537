"""What a Network shows of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neurodeploy.table import Table, dimensions

if TYPE_CHECKING:
    from neurodeploy.network.network import Network


def network_table(network: Network) -> Table:
    """Nodes in order: type, shape of what they send, sources, and contract terms of their own."""
    return Table(
        f"network of {len(network.nodes)} nodes",
        ("node", "type", "shape", "from", "contract"),
        [
            (
                f"{name} (inserted)" if name in network.inserted else name,
                type(network.nodes[name]).__name__,
                dimensions(network.shapes[name]),
                ", ".join(network.sources(name)),
                terms(network.contract.overrides.get(name, {})),
            )
            for name in network.order
        ],
    )


def terms(values: Any) -> str:
    """Contract terms as ``key=value``."""
    return " ".join(f"{key}={value}" for key, value in dict(values).items())
