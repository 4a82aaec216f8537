"""Defects that several exporters share."""

from __future__ import annotations

from collections.abc import Mapping

from neurodeploy.contract import Terms
from neurodeploy.network.raw import Raw
from neurodeploy.network.rules.repairs import batch_in_shapes, drop_batch, is_endless, without_leak
from neurodeploy.profiles.profile import Defect


def batch(slug: str, time: bool = False) -> Defect:
    """The defect of exporters that keep the batch of their example (and its ``time``) in the shapes of the file."""
    return Defect(
        slug,
        lambda raw, _: batch_in_shapes(raw, time),
        lambda raw, _: drop_batch(raw, time),
        "none: the shapes do not fit, so nothing runs",
        "drop the first dimensions of Inputs, Outputs and parameters",
    )


def no_leak(slug: str) -> Defect:
    """The defect of exporters that write a decay factor of 1 as the time constant dt / (1 - 1)."""
    return Defect(slug, _endless, _integrators, "none: it is an integrator", "write it as an IF (or an I) with r = 1")


def _endless(raw: Raw, _terms: Terms) -> Mapping[str, str]:
    taus = {name: node.number("tau") for name, node in raw.nodes.items() if node.kind in ("LIF", "LI")}
    return {
        name: "its tau is infinite: nothing decays" for name, tau in taus.items() if tau is not None and is_endless(tau)
    }


def _integrators(raw: Raw, terms: Terms) -> Raw:
    for name in _endless(raw, terms):
        raw = without_leak(name, raw)
    return raw
