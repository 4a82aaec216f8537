"""Every reference network, checked on a slice of what it shows by default: it agrees, with every node covered."""

from pathlib import Path

import pytest

import neurodeploy as nd

SLICES = {
    "digits": {"samples": 45},
    "gestures": {"samples": 24},
    "spikeseg": {"samples": 2, "steps": 20},
    "spikingrx": {"samples": 2},
}
"""By network, the part of its own stimulus that is enough."""
HALF = ("neurons_fired", "synapses_active")
"""What the console lists where it is less than a half."""


def test_all_reference_networks_are_here():
    assert SLICES.keys() == nd.models().keys()


@pytest.mark.parametrize("name", SLICES)
def test_a_default_check_agrees_and_covers_every_node(name: str, tmp_path: Path):
    checkpoint = tmp_path / "model.pt"
    nd.build_model(name, checkpoint)
    report = nd.check(checkpoint, targets=["fixed"], twice=False, adequacy=False, **SLICES[name])
    assert (report.verdict, report.short) == ("agree", ())
    assert report.about["stimulus"].startswith("the model's own")
    assert all(shares[measure] >= 0.5 for shares in report.coverage.values() for measure in HALF)
    assert "not exercised in" not in str(report)
