"""What is proved of the reference networks, whatever their input."""

from pathlib import Path

import pytest

import neurodeploy as nd


@pytest.mark.parametrize(
    ("name", "preset", "nodes", "proved", "least_share"),
    [("digits", None, 4, 1, 0.8), ("spikeseg", None, 5, 5, 1.0), ("spikingrx", "seed-random", 13, 12, 0.97)],
)
def test_the_reference_networks_on_loihi2_and_all_of_them_in_32_bits(
    name: str, preset: str | None, nodes: int, proved: int, least_share: float, tmp_path: Path
) -> None:
    network = nd.load(nd.build_model(name, tmp_path / "model.pt", preset))
    proof = nd.prove(network)
    assert (len(proof.nodes), len(proof.proved)) == (nodes, proved)
    neurons = sum(node.neurons for node in proof.nodes)
    assert sum(node.proved_neurons for node in proof.nodes) >= least_share * neurons
    assert all(
        claim.verdict == "proved" for node in proof.open for claim in node.claims if claim.quantity != "membrane"
    )
    assert nd.prove(network, options={"numerics": "int32"}).open == ()
    assert nd.prove(network, options={"room": "membrane"}).open == ()


def test_the_first_membrane_of_spikingrx_saturates_on_an_input_that_the_reference_ran(tmp_path: Path) -> None:
    network = nd.load(nd.build_model("spikingrx", tmp_path / "model.pt", "seed-random"))
    claim = next(claim for claim in nd.prove(network)["stem.lif"].claims if claim.quantity == "membrane")
    assert claim.witness is not None
    assert claim.witness.value < claim.least
    assert claim.witness.replay(nd.quantize(network, "loihi2").program)
