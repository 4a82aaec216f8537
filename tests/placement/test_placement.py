"""Neurons on cores: everything exactly once, within every limit, and what does not fit refused with what would."""

import json
import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import numpy as np
import pytest

import neurodeploy as nd
from neurodeploy.errors import CapabilityError, InputError
from neurodeploy.numerics import LOIHI2
from neurodeploy.placement.chip import BUILT_IN, RESOURCES, Chip, Known, Limit, find_chip
from neurodeploy.placement.exchanging import Exchanges
from neurodeploy.placement.picture import chip_map
from neurodeploy.placement.stored import placement_bytes, read_stored
from neurodeploy.placement.traffic import Traffic, tiles
from neurodeploy.placement.wires import Wires
from neurodeploy.program import Input, Population, Program, Projection
from neurodeploy.stimulus import Stimulus
from tests.cli.support import call, refused, small_network
from tests.proof.cases.placing import count


def chip(cores: int = 128, **limits: int | None) -> Chip:
    """A chip whose cores hold 64 neurons and 64 axons each way, or as ``limits`` say."""
    known = {"neurons": 64, "in_axons": 64, "out_axons": 512, **limits}
    whole = find_chip("loihi1")
    changed = {name: Limit(value, "derived", "test") for name, value in known.items()}
    return msgspec.structs.replace(
        whole, limits=msgspec.structs.replace(whole.limits, **changed), cores=Known(cores, "derived", "test")
    )


def layers(*sizes: int, delay: int = 0) -> Program:
    """Dense layers of ones, an input line first."""
    names = [f"layer{number}" for number in range(len(sizes))]
    pairs = list(pairwise(names))
    return Program(
        LOIHI2,
        (Input(names[0], (sizes[0],)),),
        tuple(Population(name, (size,), threshold=1) for name, size in zip(names[1:], sizes[1:], strict=True)),
        tuple(
            Projection(f"to_{after}", before, after, "dense", np.ones((sizes[n + 1], sizes[n]), int), delay=delay)
            for n, (before, after) in enumerate(pairs)
        ),
        (names[-1],),
    )


def findings(program: Program, on: Chip, **options: object) -> dict[str, Any]:
    """What does not fit, by node."""
    with pytest.raises(CapabilityError) as error:
        nd.place(program, on, options=options)
    return {finding.node: finding for finding in error.value.findings}


def test_random_programs_against_their_synapses_written_out() -> None:
    """Five hundred stand in the proof table."""
    counts = count(range(5))
    assert counts.failed == ()
    assert counts.tallies["cut populations"] > 3


def test_a_layer_that_no_core_holds_is_cut_into_even_parts() -> None:
    placement = nd.place(layers(8, 150), chip())
    held = [[str(block) for block in blocks] for blocks in placement.cores]
    assert held == [["layer1[0:50]"], ["layer1[50:100]"], ["layer1[100:150]"]]
    assert placement.core_of("layer1", (120,)) == 2
    assert [used["in_axons"] for used in placement.used] == [8, 8, 8]


def test_blocks_share_cores_while_there_is_room() -> None:
    placement = nd.place(layers(8, 40, 20, 40), chip())
    assert [len(blocks) for blocks in placement.cores] == [2, 1]


def test_more_inputs_than_a_core_has_axons_are_refused_and_as_many_as_told_fit() -> None:
    found = findings(layers(8, 150, 10), chip())["layer2"]
    assert "neuron (0) needs 150 input axons, a core of loihi1 has 64" in found.message
    (most,) = re.findall(r"narrow layer1 to at most (\d+) neurons", found.remedy)
    assert nd.place(layers(8, int(most), 10), chip()).occupied
    findings(layers(8, int(most) + 1, 10), chip())


def test_more_synapse_memory_than_a_core_has_is_refused_and_as_much_as_told_fits() -> None:
    small = chip(synapse_bits=400, in_axons=None)
    found = findings(layers(80, 3), small)["layer1"]
    (most,) = re.findall(r"narrow layer0 to at most (\d+) neurons", found.remedy)
    assert nd.place(layers(int(most), 3), small).occupied
    findings(layers(int(most) + 1, 3), small)


def test_too_many_cores_are_refused_with_chips_and_with_a_narrower_layer_that_fit() -> None:
    found = findings(layers(8, 300), chip(cores=3))["program"]
    assert "needs 5 cores, 1 of loihi1 have 3" in found.message
    chips, fewer = re.findall(r"-O chips=(\d+); or narrow layer1 from 300 to (\d+) neurons", found.remedy)[0]
    assert len(nd.place(layers(8, 300), chip(cores=3), options={"chips": chips}).occupied) == 5
    assert len(nd.place(layers(8, int(fewer)), chip(cores=3)).occupied) <= 3


def test_delays_are_refused_beside_everything_else_and_as_long_as_told_fit() -> None:
    both = findings(layers(8, 150, 10, delay=80), chip())
    assert both.keys() == {"to_layer1", "to_layer2", "layer2"}
    assert both["to_layer1"].remedy == "shorten it to 62 steps"
    assert nd.place(layers(8, 10, delay=62), chip()).occupied


def test_kernels_are_stored_once_where_the_chip_shares_them() -> None:
    weights = np.ones((4, 1, 3, 3), int)
    program = Program(
        LOIHI2,
        (Input("input", (1, 8, 8)),),
        (Population("maps", (4, 8, 8), threshold=1),),
        (Projection("conv", "input", "maps", "conv2d", weights, padding=(1, 1)),),
    )
    shared = find_chip("loihi2")
    apart = msgspec.structs.replace(shared, shared_kernels=msgspec.structs.replace(shared.shared_kernels, value=False))
    assert nd.place(program, shared).used[0]["synapse_bits"] == 4 * 9 * 8
    assert nd.place(program, apart).used[0]["synapse_bits"] == 4 * 22 * 22 * (8 + 13)


def test_the_traffic_strategy_saves_hops_and_moves_no_neuron_to_another_group() -> None:
    program = layers(8, 300, 2)
    wide = chip(in_axons=None, neurons=16)
    first, arranged = (nd.place(program, wide, options={"strategy": name}) for name in ("first-fit", "traffic"))
    assert arranged.traffic.hops < first.traffic.hops == arranged.first_fit_hops
    assert arranged.traffic.messages == first.traffic.messages == 300
    assert sorted(map(str, filter(None, arranged.cores))) == sorted(map(str, first.cores))


def test_exchanges_save_what_they_say_and_end_where_they_may_look_no_further() -> None:
    rng = np.random.default_rng(2)
    ends = rng.integers(0, 60, (2, 400))
    flow = Traffic(*ends, rng.integers(1, 9, 400), np.zeros(60, int), 0)
    wires = Wires(flow, tiles(chip(cores=32), 64))
    place = rng.permutation(64)
    apart = [abs(a - b) for a, b in zip(*(tiles(chip(cores=32), 64)[place[end]] for end in ends), strict=True)]
    assert wires.hops(place) == sum(int(count * far.sum()) for count, far in zip(flow.counts, apart, strict=True))
    for tried in (1, 5, 64):
        search, before = Exchanges(wires, place, tried), wires.hops(place)
        while search.turns(1 << 40):
            assert wires.hops(search.place) < before and sorted(search.place) == list(range(64))
            before = wires.hops(search.place)
    # None of all exchanges is left that saves anything.
    for first, second in combinations(range(64), 2):
        changed = search.place.copy()
        changed[[first, second]] = changed[[second, first]]
        assert wires.hops(changed) >= before
    short = Exchanges(wires, place, 5)
    assert short.turns(100) and 100 <= short.looked < 1000


def test_messages_are_those_of_a_stimulus() -> None:
    program = layers(4, 3, 2)
    spikes = np.zeros((1, 5, 4), int)
    spikes[0, [0, 3]] = 1
    placement = nd.place(program, chip(neurons=3), Stimulus({"layer0": spikes}))
    assert placement.traffic.host.tolist() == [8, 0]
    assert placement.traffic.between.tolist() == [[0, 6], [0, 0]]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda text: text.replace("  in_axons: {value: 4096", "  axons: {value: 4096"), "lacks limits.in_axons"),
        (lambda text: "\n".join(text.splitlines()[:5]), "lacks cores, mesh, shared_kernels"),
        (lambda text: text.replace("value: 4096", "value: -1", 1), "a limit of -1"),
        (lambda text: text.replace("width: 8", "width: 1"), "room for 16 cores, and it has 128"),
        (lambda text: text.replace("name: loihi1", "name: &a loihi1\nother: *a"), "an alias"),
        (lambda text: text + "name: twice\n", "gives name twice"),
        (lambda text: text + "more: 1\n", "more"),
        (lambda text: "name: [", "is no YAML"),
        (lambda text: "", "lacks format, name"),
    ],
)
def test_a_yaml_that_is_no_chip_is_refused_with_what_it_lacks(change: Any, told: str, tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(change((BUILT_IN / "loihi1.yaml").read_text()))
    with pytest.raises(InputError) as error:
        find_chip(str(path))
    assert told in error.value.what and str(path) in error.value.where and error.value.remedy


def test_every_limit_of_the_chips_that_come_along_has_a_source() -> None:
    for name in ("loihi1", "loihi2"):
        read = find_chip(name)
        for limit in [getattr(read.limits, resource) for resource in RESOURCES]:
            assert limit.source and limit.status
            assert limit.value is not None or limit.status == "unverified"


def test_the_command_shows_draws_and_refuses(tmp_path: Path) -> None:
    bundle = nd.export(small_network(), "loihi-sim", tmp_path / "b").path
    picture = tmp_path / "map.svg"
    told = call("place", bundle, "--chip", "loihi2", "--map", picture, "--json").data
    assert told["used"][0]["neurons"] == nd.place(bundle).used[0]["neurons"] > 0
    root = ElementTree.fromstring(picture.read_text())
    assert sum("core 0: " in (title.text or "") for title in root.iter("{http://www.w3.org/2000/svg}title")) == 1
    assert "fullest core" in call("place", bundle, "--chip", "loihi1").out
    assert "did you mean loihi2" in refused("place", bundle, "--chip", "loihi3")
    assert "did you mean traffic" in refused("place", bundle, "--chip", "loihi2", "-O", "strategy=trafic")
    assert "no number of chips" in refused("place", bundle, "--chip", "loihi2", "-O", "chips=0")
    tiny = tmp_path / "tiny.yaml"
    tiny.write_text((BUILT_IN / "loihi1.yaml").read_text().replace("in_axons: {value: 4096", "in_axons: {value: 1"))
    assert "input axons" in refused("place", bundle, "--chip", tiny, code=3)


def test_a_bundle_keeps_its_placement(tmp_path: Path) -> None:
    bundle = nd.export(small_network(), "loihi-sim", tmp_path / "b")
    placement = nd.place(bundle, "loihi1", store=True)
    kept = nd.inspect(bundle.path).subject
    assert isinstance(kept, nd.Bundle) and kept.placement is not None
    assert kept.placement.blocks == placement.cores and kept.digest != bundle.digest
    nd.place(kept, "loihi1", store=True)
    again = nd.inspect(bundle.path).subject
    assert isinstance(again, nd.Bundle) and again.digest == kept.digest
    assert nd.export(small_network(), "loihi-sim", tmp_path / "b").digest == bundle.digest


def test_a_placement_that_leaves_a_neuron_out_or_overfills_a_core_is_refused(tmp_path: Path) -> None:
    program = layers(8, 150)
    stored = nd.place(program, chip()).stored()
    twice = {**stored, "cores": [*stored["cores"], stored["cores"][0]]}
    full = {**stored, "cores": [[["layer1", [0], [150]]]]}
    outside = {**stored, "cores": [[["layer1", [0], [151]]]]}
    for damaged, told in (
        ({**stored, "cores": stored["cores"][1:]}, "50 neurons of layer1 are not placed exactly once"),
        (twice, "50 neurons of layer1 are not placed exactly once"),
        (full, "core 0 holds too much: neurons"),
        (outside, "lies outside of its population"),
        ({**stored, "chips": "many"}, "its placement is damaged"),
    ):
        with pytest.raises(InputError, match=told):
            read_stored(placement_bytes(damaged), program, "placement.json")
    assert json.loads(placement_bytes(stored)) == json.loads(placement_bytes(nd.place(program, chip()).stored()))


def test_names_from_outside_do_not_reach_the_picture_as_markup() -> None:
    program = layers(8, 10)
    evil = "<script>"
    hostile = replace(
        program,
        populations=(replace(program.populations[0], name=evil),),
        projections=(replace(program.projections[0], target=evil),),
        outputs=(evil,),
    )
    text = chip_map(nd.place(hostile, chip()))
    assert "<script>" not in text and "&lt;script&gt;" in text
