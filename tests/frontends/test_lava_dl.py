"""lava-dl ``.net`` files: what is read, what is refused by name, and that writing and reading are the identity."""

import io
from dataclasses import replace

import h5py
import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import InputError, RefusedError
from neurodeploy.flow import load
from neurodeploy.flow.converting import convert
from neurodeploy.frontends.lava_dl.chain import cuba_node
from neurodeploy.frontends.lava_dl.layers import Cuba
from neurodeploy.frontends.lava_dl.write import net_bytes
from neurodeploy.network import NetworkBuilder
from neurodeploy.network.file import network_bytes
from neurodeploy.profiles.lava_dl import PROFILE, STATE_GRID, tau_of
from neurodeploy.reference.network_runner import run_network
from tests.crossframework.lava_dl.committed import manifest, members, net_file

CUBA = {"type": b"CUBA", "iDecay": 1024, "vDecay": 128, "vThMant": 80}
NEURON = {f"neuron/{key}": value for key, value in CUBA.items()}
DENSE = {"type": b"dense", "weight": np.array([[64.0, -32.0], [16.0, 8.0]]), **NEURON}
CONV = {**DENSE, "type": b"conv", "weight": np.full((3, 2, 3, 3), 8.0), "stride": [2, 2]}


def net(folder, *layers):
    path = folder / "made.net"
    with h5py.File(path, "w") as file:
        for number, values in enumerate(layers):
            for key, value in values.items():
                file[f"layer/{number}/{key}"] = value
    return path


def network(**terms):
    """Input, dense layer, CubaLIF, dense layer, LIF, in SLAYER's own form."""
    build = NetworkBuilder(replace(PROFILE.terms, **terms))
    weights = np.random.default_rng(3).integers(-40, 60, (2, 8, 8)).astype(np.float32) * 2 / 64
    at = build.linear("first", build.input("in", (8,)), weights[0])
    at = build.place("fast", at, cuba_node(Cuba(1024, 400, 80), (8,), np.zeros(8), build.dt))
    at = build.linear("second", at, weights[1])
    at = build.place("slow", at, cuba_node(Cuba(4096, 64, 128), (8,), np.zeros(8), build.dt))
    build.output("out", at)
    return build.build()


WRITTEN = [name for name in manifest()["cases"] if name not in ("sums-out", "values-in")]


@pytest.mark.parametrize("name", WRITTEN)
def test_writing_what_lava_dl_wrote_and_reading_it_is_the_identity(name, tmp_path):
    first = load(net_file(name, tmp_path))
    convert(first, tmp_path / "again.net")
    again = load(tmp_path / "again.net")
    assert network_bytes(again) == network_bytes(first)
    assert again.contract == first.contract


def test_names_and_the_step_come_back(tmp_path):
    made = network(dt=5e-4)
    convert(made, tmp_path / "made.net")
    again = load(tmp_path / "made.net")
    assert network_bytes(again) == network_bytes(made)
    assert again.findings == ()


def test_a_gain_moves_into_the_weights(tmp_path):
    build = NetworkBuilder(PROFILE.terms)
    weights = np.random.default_rng(3).integers(-20, 40, (6, 8)) * 2 / 64
    at = build.linear("w", build.input("in", (8,)), weights / 4)
    at = build.cuba_lif("cuba", at, float(tau_of(1024, build.dt)), float(tau_of(400, build.dt)), 1.25)
    build.output("out", at)
    made = build.build()
    convert(made, tmp_path / "made.net")
    again = load(tmp_path / "made.net")
    assert np.array_equal(again.nodes["w"].weight, weights)
    x = {"in": (np.random.default_rng(0).random((1, 80, 8)) < 0.4).astype(float)}
    first, second = run_network(made, x)["cuba"].output, run_network(again, x)["cuba"].output
    assert first.sum() > 10
    assert np.array_equal(first, second)


def test_a_net_becomes_a_nir_with_its_contract(tmp_path):
    first = load(net_file("conv-random", tmp_path))
    convert(first, tmp_path / "as.nir")
    assert load(tmp_path / "as.nir").contract == first.contract


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        ({"reset": "subtract"}, "reset=subtract"),
        ({"reset_timing": "next-step"}, "reset_timing=next-step"),
        ({"v_min": 0.0}, "v_min=0.0"),
        ({"max_spikes_per_step": 3}, "max_spikes_per_step=3"),
        ({"current": "previous"}, "current=previous"),
        ({"state_grid": 0.5}, "state_grid=0.5"),
        ({"state_grid": None}, "decays in real numbers"),
        ({"fires_at": ">="}, "fires at >= its threshold"),
        ({"initial_state": 0.5}, "initial_state=0.5"),
    ],
)
def test_a_contract_that_slayer_does_not_keep_is_refused_by_term(terms, told):
    with pytest.raises(RefusedError, match=told) as error:
        net_bytes(network(**terms))
    assert error.value.where == "node fast"


def test_networks_that_slayer_has_no_blocks_for_are_refused_by_node(tmp_path):
    build = NetworkBuilder(PROFILE.terms)
    build.output("out", build.lif("only", build.input("in", (3,)), 1e-2, 1.0))
    with pytest.raises(RefusedError, match="is a LIF") as error:
        net_bytes(build.build())
    assert error.value.where == "node only"
    build = NetworkBuilder(PROFILE.terms)
    at = build.linear("w", build.input("in", (2,)), np.array([[0.3, 0.5]]))
    build.output("out", build.lif("lif", at, float(tau_of(100, build.dt)), 1.0))
    with pytest.raises(RefusedError, match="no multiples of 1/64"):
        net_bytes(build.build())


@pytest.mark.parametrize(
    ("weights", "told"),
    [(np.zeros((2, 2)), "all zero"), (np.array([[1.0, 5 / 64]]), "packs"), (-np.ones((2, 2)), "loses a unit")],
)
def test_weights_that_netx_would_corrupt_are_not_written(weights, told, tmp_path):
    weights = weights * (4.0 if told == "packs" else 1.0)
    build = NetworkBuilder(PROFILE.terms)
    at = build.linear("w", build.input("in", (2,)), weights)
    build.output("out", build.lif("lif", at, float(tau_of(100, build.dt)), 1.0))
    with pytest.raises(RefusedError, match=told):
        net_bytes(build.build())


def test_options_change_single_terms_and_the_step(tmp_path):
    path = net(tmp_path, DENSE)
    plain, slow = load(path), load(path, profile="lava-dl-0.6,dt=1e-2,cuba0.reset=subtract")
    assert [each.slug for each in plain.findings] == ["lava-assumes-dt"]
    assert slow.findings == ()
    assert slow.contract.of("cuba0") == replace(PROFILE.terms, dt=1e-2, reset="subtract")
    assert plain.nodes["cuba0"].tau_mem.flat[0] == 1e-3 * 4096 / 128
    assert slow.nodes["cuba0"].tau_mem.flat[0] == 1e-2 * 4096 / 128


def test_a_threshold_from_64_on_fires_at_ties_unless_told_otherwise(tmp_path):
    path = net(tmp_path, {**DENSE, "neuron/vThMant": 4096})
    assert load(path).contract.of("cuba0").fires_at == ">="
    assert "lava-dl-coarse-threshold" in [each.slug for each in load(path).findings]
    assert load(path, profile="lava-dl-0.6,fires_at=>").contract.of("cuba0").fires_at == ">"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({"profile": "norse-1.1"}, "another producer"),
        ({"contract": "terms.json"}, "stepped as SLAYER does"),
        ({"module": "a.b:c"}, "PyTorch source"),
        ({"input_shape": (3,)}, "has shape (2,), not (3,)"),
    ],
)
def test_options_that_do_not_fit_are_refused(how, told, tmp_path):
    (tmp_path / "terms.json").write_text("{}")
    how = {key: tmp_path / value if key == "contract" else value for key, value in how.items()}
    with pytest.raises(InputError) as error:
        load(net(tmp_path, {"type": b"input", "shape": [2]}, DENSE), **how)
    assert told in str(error.value)


def test_a_strided_convolution_needs_the_shape_of_its_input(tmp_path):
    path = net(tmp_path, CONV)
    with pytest.raises(InputError, match="does not tell the shape of its input") as error:
        load(path)
    assert "--input-shape" in error.value.remedy
    assert load(path, input_shape=(2, 9, 9)).shapes["cuba0"] == (3, 4, 4)


@pytest.mark.parametrize(
    ("layers", "told", "kind"),
    [
        ([], "no group 'layer'", InputError),
        ([{**DENSE, "type": b"lstm"}], "a layer of type 'lstm'", RefusedError),
        ([{"weight": [1.0]}], "a layer without a type", RefusedError),
        ([{**DENSE, "neuron/type": b"ALIF"}], "its neuron ALIF", RefusedError),
        ([{**DENSE, "neuron/iDecay": 5000}], "iDecay is 5000", InputError),
        ([{**DENSE, "neuron/vThMant": 0}], "vThMant is 0", InputError),
        ([{**DENSE, "neuron/vDecay": [1, 2]}], "vDecay differs between its channels", RefusedError),
        ([{**DENSE, "weight": [[0.5, 1.0]]}], "no whole numbers", InputError),
        ([{**DENSE, "weight": [[np.nan, 1.0]]}], "no finite numbers", InputError),
        ([{**DENSE, "weight": [1.0, 2.0]}], "weight has shape", InputError),
        ([{**DENSE, "delay": [-1.0, 1.0]}], "a delay of -1 to 1 steps", InputError),
        ([{**DENSE, "delay": [1.0, 1.0, 1.0]}], "3 delays for an output of shape", InputError),
        ([{**DENSE, "bias": [2.0, 4.0, 6.0]}], "3 biases for an output of shape", InputError),
        ([{**DENSE, "bias": [2.0, 4.0], "neuron/vDecay": 0}], "never decays", RefusedError),
        ([DENSE, {**DENSE, "weight": [[1.0, 2.0, 3.0]]}], "its 3 inputs meet", InputError),
        ([{"type": b"input", "shape": [2]}], "no dense, convolution or pooling", InputError),
        ([{"type": b"input", "shape": [2, 0, 3]}, CONV], "shape holds", InputError),
        ([{"type": b"input", "shape": [5, 9, 9]}, CONV], "its 2 input channels", InputError),
        ([{"type": b"input", "shape": [2]}, CONV], "a conv layer behind an output of shape", InputError),
        ([{**DENSE, "type": b"dense_rec"}], "weight_rec is missing", InputError),
    ],
)
def test_what_makes_no_sense_is_told_with_its_layer(layers, told, kind, tmp_path):
    with pytest.raises(kind) as error:
        load(net(tmp_path, *layers))
    assert told in str(error.value)
    assert str(tmp_path) in error.value.where
    assert error.value.remedy


def test_layers_count_from_zero(tmp_path):
    path = net(tmp_path, DENSE, DENSE)
    with h5py.File(path, "a") as file:
        del file["layer/0"]
    with pytest.raises(InputError, match="not 0 to 0"):
        load(path)


@pytest.mark.parametrize("note", [{"dt": -1.0, "names": "{}"}, {"dt": 1.0, "names": "[]"}, {"dt": 1.0}, {"names": ""}])
def test_a_damaged_note_of_ours_is_told(note, tmp_path):
    path = net(tmp_path, DENSE)
    with h5py.File(path, "a") as file:
        for key, value in note.items():
            file[f"neurodeploy/{key}"] = value
    with pytest.raises(InputError, match="neurodeploy group is damaged"):
        load(path)


def test_what_is_no_hdf5_file_is_no_net_file(tmp_path):
    for content in (b"", b"no file of HDF5", members()["conv-random.net"][:3000]):
        path = tmp_path / "bad.net"
        path.write_bytes(content)
        with pytest.raises(InputError, match=r"not a readable lava-dl .net file"):
            load(path)
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "none.net")


@pytest.mark.parametrize("first", [0, 60])
def test_damaged_files_are_read_or_refused(first, tmp_path):
    """Single bits and bytes of a sound file changed, and its tail cut off."""
    whole, refused = members()["recurrent-random.net"], 0
    path = tmp_path / "damaged.net"
    for seed in range(first, first + 60):
        random = np.random.default_rng(seed)
        content = bytearray(whole)
        for place in random.integers(0, len(whole), random.integers(1, 40)):
            content[place] ^= int(random.integers(1, 256))
        path.write_bytes(content[: random.integers(1, len(whole))] if seed % 5 == 0 else content)
        try:
            load(path)
        except (InputError, RefusedError) as error:
            assert error.remedy
            refused += 1
    assert refused > 15


def test_the_same_network_gives_the_same_bytes():
    assert net_bytes(network()) == net_bytes(network())
    with h5py.File(io.BytesIO(net_bytes(network()))) as file:
        assert [file[f"layer/{n}/type"][()] for n in range(3)] == [b"input", b"dense", b"dense"]
    assert network().contract.defaults == replace(Terms(), input_gain="unit", state_grid=STATE_GRID)


SIZES = {"inFeatures": 2, "outFeatures": 1}
SQUEEZED = {
    "a dense layer of one output": ({**DENSE, **SIZES, "weight": np.array([[64.0, -32.0]])}, (2,), (2,)),
    "a dense layer of one input": (
        {**DENSE, "inFeatures": 1, "outFeatures": 2, "weight": np.array([[64.0], [-32.0]])}, (2,), (1,)
    ),
    "the depth of a kernel": (CONV, (3, 2, 3, 3, 1), (2, 7, 7)),
    "a kernel of one channel each": (
        {
            **CONV, "weight": np.arange(9.0).reshape(1, 1, 3, 3) * 8, "inChannels": 1, "outChannels": 1, "groups": 1,
            "kernelSize": [3, 3],
        }, (3, 3), (1, 7, 7),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SQUEEZED)
def test_dimensions_of_one_that_lava_dl_drops_or_keeps_change_nothing(name, tmp_path):
    layer, written, shape = SQUEEZED[name]
    plain = network_bytes(load(net(tmp_path, layer), input_shape=shape))
    squeezed = {**layer, "weight": np.asarray(layer["weight"]).reshape(written)}
    assert network_bytes(load(net(tmp_path, squeezed), input_shape=shape)) == plain
