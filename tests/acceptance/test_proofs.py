"""What is proved of the reference networks, whatever their input."""

from pathlib import Path

import pytest

import neurodeploy as nd


@pytest.mark.parametrize(
    ("name", "nodes", "open_nodes"), [("digits", 4, []), ("spikeseg", 5, []), ("spikingrx", 15, ["stem.lif"])]
)
def test_the_reference_networks_on_loihi2_and_all_of_them_in_32_bits(
    name: str, nodes: int, open_nodes: list[str], tmp_path: Path
) -> None:
    network = nd.load(nd.build_model(name, tmp_path / "model.pt"))
    proof = nd.prove(network)
    assert len(proof.nodes) == nodes
    assert [node.node for node in proof.open] == open_nodes
    assert "room=membrane" not in str(proof)  # where something is open, the contract fixes the scale (state_grid)
    assert nd.prove(network, options={"numerics": "int32"}).open == ()
    for node in proof.open:  # an input that the reference ran makes it saturate; all else of it is proved
        assert [claim.quantity for claim in node.claims if claim.verdict != "proved"] == ["membrane"]
        claim = next(claim for claim in node.claims if claim.quantity == "membrane")
        assert claim.witness is not None
        assert claim.witness.value < claim.least
        assert claim.witness.replay(nd.quantize(network, "loihi2").program)


def test_room_for_every_membrane_leaves_nothing_open_of_a_network_without_a_grid(tmp_path: Path) -> None:
    network = nd.load(nd.build_model("digits", tmp_path / "model.pt", "float-trained"))
    plain = nd.prove(network)
    assert plain.open
    assert "room=membrane" in str(plain)
    assert nd.prove(network, options={"room": "membrane"}).open == ()
