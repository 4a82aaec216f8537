"""Room for every membrane: no stimulus makes one saturate, and it is proved."""

import numpy as np
import pytest

from neurodeploy.analysis.proof import prove_program
from neurodeploy.contract import Terms
from neurodeploy.errors import CannotRepresentError, InputError
from neurodeploy.network import InputRange, NetworkBuilder
from neurodeploy.numerics import LOIHI2
from neurodeploy.passes.pipeline import quantize
from neurodeploy.reference.network_runner import run_network
from neurodeploy.reference.program_runner import run_program
from tests.passes.networks import chain, events, random_network, recurrent_network


def inhibited(tau=16e-3, threshold=0.5, values=None, levels=4, **terms):
    """A neuron that is inhibited far more than excited, and whose membrane forgets slowly; weights in 1/``levels``."""
    build = NetworkBuilder(Terms(input_gain="unit", **terms))
    weights = np.array([[1.0, -1.0, -0.75, -0.5]]) if levels == 4 else np.array([[1, -levels, -levels, -5]]) / 128
    at = build.linear("fc", build.input("input", (4,), values), weights)
    if np.isinf(tau):
        build.output("output", build.integrate("n", at, threshold))
    else:
        build.output("output", build.lif("n", at, tau, threshold))
    return build.build()


def saturated(program):
    """Verdicts about membranes that are not proved."""
    claims = [claim for node in prove_program(program).nodes for claim in node.claims]
    return [claim.verdict for claim in claims if claim.quantity == "membrane" and claim.verdict != "proved"]


def test_room_for_one_step_may_saturate_and_room_for_every_membrane_does_not():
    network = inhibited()
    narrow, roomy = (quantize(network, room=room).program for room in ("step", "membrane"))
    assert saturated(narrow) == ["witness"]
    assert saturated(roomy) == []
    assert roomy.by_name["n"].scale < narrow.by_name["n"].scale
    least = prove_program(roomy)["n"].claims[-1].low
    assert least is not None and 2 * least < -(1 << (LOIHI2.membrane_bits - 1)), "and no more room than that"
    silenced = {"input": np.zeros((1, 260, 4))}
    silenced["input"][:, :200, 1:] = 1
    silenced["input"][:, 200:, 0] = 1
    expected = run_network(network, silenced)["n"].values
    assert expected.any()
    assert np.array_equal(run_program(roomy, silenced)["n"].values, expected)
    assert not np.array_equal(run_program(narrow, silenced)["n"].values, expected)


@pytest.mark.parametrize("options", [{}, {"unit": "row"}, {"weight_bits": 16}, {"weight_bits": 3}])
def test_it_is_proved_of_whatever_is_quantized_so(options):
    networks = [*(random_network(seed) for seed in range(6)), *(recurrent_network(kind) for kind in ("lif", "cuba"))]
    made = refused = 0
    for network in networks:
        try:
            program = quantize(network, LOIHI2, room="membrane", **options).program
        except CannotRepresentError as error:
            assert "no scale holds every membrane" in str(error)
            refused += 1
            continue
        assert saturated(program) == []
        made += 1
    assert made >= 4
    assert refused <= 3


def same(one, other):
    """Whether two programs have the same scales and weights."""
    scales = ([population.scale for population in program.populations] for program in (one, other))
    weights = ([(p.shift, p.weights.tolist()) for p in program.projections] for program in (one, other))
    return all(a == b for a, b in (tuple(scales), tuple(weights)))


def test_by_default_there_is_room_where_nothing_is_rounded_with_it():
    network = inhibited()
    program = quantize(network).program
    assert same(program, quantize(network, room="membrane").program)
    assert not same(program, quantize(network, room="step").program)
    assert saturated(program) == []


@pytest.mark.parametrize(
    "network",
    [
        pytest.param(lambda: random_network(0), id="weights between the levels"),
        pytest.param(lambda: inhibited(tau=15e-3), id="a decay that the machine rounds"),
        pytest.param(lambda: inhibited(threshold=0.3), id="a threshold that is rounded"),
        pytest.param(lambda: inhibited(values=InputRange(0.0, 1.0, None)), id="inputs on no grid"),
        pytest.param(lambda: inhibited(tau=4.096, levels=127), id="truncation that adds up to a level"),
        pytest.param(lambda: inhibited(np.inf), id="a membrane without a bound"),
        pytest.param(lambda: inhibited(state_grid=2.0**-20), id="a grid that the contract names"),
    ],
)
def test_by_default_every_other_scale_stays_the_largest_that_holds_a_step(network):
    assert same(quantize(network()).program, quantize(network(), room="step").program)


def test_room_is_given_by_population():
    network = chain(3, sizes=(8, 6, 6))
    step, mixed, all_of_them = (
        quantize(network, room=room).program for room in ("step", {"*": "membrane", "lif0": "step"}, "membrane")
    )
    for name, like in (("lif0", step), ("lif1", all_of_them)):
        assert mixed.by_name[name].scale == like.by_name[name].scale
        assert step.by_name[name].scale > all_of_them.by_name[name].scale
    with pytest.raises(InputError, match="no neurons are called 'lif9'") as error:
        quantize(network, room={"lif9": "membrane"})
    assert "lif1" in error.value.remedy


def test_calibration_chooses_within_it():
    network = chain(3, sizes=(8, 6))
    shown = {"input": events(network, samples=6, steps=20)["input"].astype(float)}
    done = quantize(network, LOIHI2, shown, weight_bits=4, room="membrane")
    assert any(report.calibrated_rows for report in done.calibrated)
    assert saturated(done.program) == []


def test_a_membrane_that_never_decays_has_no_such_room_unless_it_is_clamped():
    with pytest.raises(CannotRepresentError, match="never decays") as error:
        quantize(inhibited(np.inf), room="membrane")
    assert error.value.where == "node n"
    assert "-O room=step" in error.value.remedy
    assert saturated(quantize(inhibited(np.inf, v_min=-4.0), room="membrane").program) == []
