"""What SANA-FE estimates of a run, every figure with its label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from neurodeploy.document import Block, line, quiet
from neurodeploy.sanafe.environment import VERSION
from neurodeploy.table import Table

NOT_MODELLED = (
    "every neuron is accessed in every step, but counts as updated only in steps in which it fires",
    "input lines stand on tiles of their own beside the chips: their messages cost, they themselves do not",
    "a message is sent in the step of its spike, whatever the delay of the synapse",
)
"""What the replay of a raster leaves out, or does in another way."""


@dataclass(frozen=True)
class Estimate:
    """Energy and time of one inference, which is the first sample of the stimulus.

    - ``energy``: joules by unit of the core (``synapse``, ``dendrite``, ``soma``, ``network``) and in ``total``.
    - ``seconds``: of every time step. ``events``: what SANA-FE counted: ``synaptic`` events, ``packets``, neurons that
      ``fired``, ``updated``.
    - ``layers``: joules and synaptic events by node when it alone fires: time is not split, as layers overlap. Energy
      of neurons that do not fire counts in each, so that the layers add up to more than the total.
    - ``bottleneck``: the core that handled messages longest, and for how many seconds.
    - ``architecture``: name and digest of the architecture file.
    """

    energy: Mapping[str, float]
    seconds: tuple[float, ...]
    events: Mapping[str, int]
    layers: Mapping[str, Mapping[str, float]]
    bottleneck: tuple[int, float]
    cores: int
    architecture: str
    digest: str

    @property
    def label(self) -> str:
        """What stands beside every figure."""
        return f"estimate (SANA-FE {VERSION}, {self.architecture}, {self.digest[:12]})"

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"label": self.label, **asdict(self), "not_modelled": list(NOT_MODELLED)}

    def blocks(self) -> list[Block]:
        """Tables of energy and of layers, each with the label."""
        total, steps = sum(self.seconds), max(1, len(self.seconds))
        rows: list[tuple[object, ...]] = [
            (f"energy per inference, {unit}", f"{joules:.4g}", "J") for unit, joules in self.energy.items()
        ]
        rows += [
            ("time per inference", f"{total:.4g}", "s"),
            ("time per step, mean", f"{total / steps:.4g}", "s"),
            ("time per step, longest", f"{max(self.seconds, default=0.0):.4g}", "s"),
            (f"busiest core: {self.bottleneck[0]} of {self.cores}", f"{self.bottleneck[1]:.4g}", "s"),
        ]
        layers = [(name, f"{of['joules']:.4g}", int(of["synaptic"])) for name, of in self.layers.items()]
        words = ", ".join(f"{name} {count:,}" for name, count in self.events.items())
        return [
            line(self.label, heading=True),
            Table("", ("estimated", ">value", "unit"), rows),
            Table(f"by layer, {self.label}", ("node", ">J where it alone fires", ">synaptic events"), layers),
            quiet(f"events, equal to those of the run: {words}"),
            *(quiet(f"not modelled: {text}", indent=2) for text in NOT_MODELLED),
        ]
