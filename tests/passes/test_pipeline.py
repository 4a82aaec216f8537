"""The pipeline: a list of stages whose fields are its options, with conditions around each and errors that name it."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest

from neurodeploy.contract import Terms
from neurodeploy.errors import CannotRepresentError, InputError, NeurodeployError, RefusedError
from neurodeploy.network import NetworkBuilder
from neurodeploy.numerics import INT32, LOIHI2
from neurodeploy.passes.draft import Draft
from neurodeploy.passes.machine import Machine
from neurodeploy.passes.options import options_of
from neurodeploy.passes.pipeline import STAGES, configured, pipeline_options, quantize
from neurodeploy.passes.stage import run_stage, run_stages, summary, until
from neurodeploy.passes.stages import Rounding, Scales
from neurodeploy.passes.views import stage_table

from .networks import dense, random_network


def draft(network, numerics=LOIHI2):
    return Draft(network, Machine.of(numerics))


def test_the_stages_have_names_of_their_own_and_say_what_they_do():
    names = [stage.name for stage in STAGES]
    assert len({*names}) == len(names)
    assert all(summary(stage).endswith(".") for stage in STAGES)


DEFAULTS = {
    "numerics": None,
    "weight-bits": None,
    "weight-exponent": None,
    "spikes-per-step": None,
    "budget": None,
    "unit": "auto",
    "room": "auto",
    "message-bits": 8,
}


def test_every_option_is_a_field_of_one_stage_with_help_and_domain():
    keys = [option.key for stage in STAGES for option in options_of(stage)]
    assert sorted(keys) == sorted(DEFAULTS)
    assert all(option.help and option.domain.describe((LOIHI2,)) for option in pipeline_options().values())


def test_an_option_given_as_text_sets_the_field_of_its_stage():
    stages = configured({"weight-bits": "4", "message-bits": "6", "speed": "high"}, LOIHI2)
    values = {option.key: getattr(stage, option.attribute) for stage in stages for option in options_of(stage)}
    assert values == {**DEFAULTS, "weight-bits": 4, "message-bits": 6}


@pytest.mark.parametrize(("key", "text", "domain"), [
    ("weight-bits", "17", "from 1 to 16"),
    ("weight-bits", "many", "from 1 to 16"),
    ("message-bits", "1", "from 2 to 24"),
    ("weight-exponent", "8", "from 0 to 7"),
    ("numerics", "float", "loihi2"),
])  # fmt: skip
def test_the_message_for_a_bad_text_is_made_from_the_field(key, text, domain):
    with pytest.raises(InputError, match=rf"-O {key}: .*{text}[^$]*{domain}"):
        configured({key: text}, LOIHI2)


def test_a_bad_value_from_code_gets_the_same_message():
    with pytest.raises(InputError, match="-O weight-bits: 17 is not a whole number from 1 to 16") as error:
        quantize(dense([[1.0]]), LOIHI2, weight_bits=17)
    assert error.value.stage == "widths"
    assert quantize(dense([[1.0]]), INT32, weight_bits=9).layers[0].exact
    with pytest.raises(InputError, match="no stage has an option 'speed'"):
        quantize(dense([[1.0]]), speed=1)


@pytest.mark.parametrize(("network", "numerics", "stage"), [
    (dense([[1.0]], fires_at=">=", keep_state=True), LOIHI2, "paths"),
    (dense([[1.0]], max_spikes_per_step=1 << 16), INT32, "neurons"),
    (dense([[1.0]], threshold=-1.0), LOIHI2, "rounding"),
], ids=["paths", "neurons", "rounding"])  # fmt: skip
def test_an_error_names_the_stage_it_came_out_of(network, numerics, stage):
    with pytest.raises((RefusedError, CannotRepresentError)) as error:
        quantize(network, numerics)
    assert error.value.stage == stage
    assert str(error.value).endswith(f"stage: {stage}")


def test_a_stage_refuses_a_draft_that_is_not_ready_for_it():
    with pytest.raises(NeurodeployError, match=r"not ready for it \(every population has a scale") as error:
        run_stage(Rounding(), draft(dense([[1.0]])))
    assert error.value.stage == "rounding"


@dataclass(frozen=True)
class Doubled:
    """Scales that are twice too large, as a careless stage would choose them."""

    name: ClassVar[str] = "scales"
    requires: ClassVar = Scales.requires
    ensures: ClassVar = Scales.ensures

    def __call__(self, draft):
        chosen = Scales()(draft)
        return replace(chosen, scales={name: k + 20 for name, k in chosen.scales.items()})


def test_a_stage_that_breaks_its_promise_is_found_out():
    stages = [Doubled() if stage.name == "scales" else stage for stage in STAGES]
    with pytest.raises(NeurodeployError, match=r"does not hold what it promises .*no larger than its largest.*if"):
        run_stages(stages, draft(dense([[1.0]])))


def test_another_stage_can_stand_in_for_one_of_the_list():
    @dataclass(frozen=True)
    class Truncation(Rounding):
        """Round, and note who asked for it; ``asked_by`` is no option."""

        asked_by: str = "a test"

    stages = [Truncation() if stage.name == "rounding" else stage for stage in STAGES]
    network = random_network(3)
    done = run_stages(stages, draft(network))
    assert options_of(Truncation()) == ()
    assert [layer.projection for layer in done.layers] == [layer.projection for layer in quantize(network).layers]


@pytest.mark.parametrize("seed", range(6))
def test_the_conditions_hold_between_all_stages_of_random_networks(seed):
    network = random_network(seed)
    for numerics in (LOIHI2, INT32):
        done = run_stages(STAGES, draft(network, numerics))
        assert all(condition.breach(done) is None for stage in STAGES for condition in stage.ensures)


def test_a_draft_stops_after_any_stage_and_shows_what_there_is():
    network = random_network(1)
    for stage in STAGES:
        part = run_stages(until(STAGES, stage.name), draft(network))
        assert stage_table(stage.name, part).title
    with pytest.raises(InputError, match=r"no stage 'polish'\n.*scales, rounding"):
        until(STAGES, "polish")


def test_what_a_stage_adds_to_the_network_keeps_the_node_it_came_from():
    build = NetworkBuilder(Terms(reset="subtract", reset_timing="next-step"))
    build.output("output", build.lif("lif", build.input("input", (1,)), 4e-3, 1.0))
    program = quantize(build.build(), INT32).program
    [feedback] = [projection.name for projection in program.projections if projection.source == "lif"]
    assert program.provenance == {"input->lif": (), feedback: ("lif",), "lif": ("lif",)}


def test_integers_say_which_layers_they_come_from():
    build = NetworkBuilder()
    scaled = build.scale("half", build.input("input", (2,)), 0.5)
    joined = build.linear("fc", scaled, np.ones((3, 2)))
    build.output("output", build.lif("lif", joined, 4e-3, 1.0))
    assert quantize(build.build()).program.provenance == {"fc": ("half", "fc"), "lif": ("lif",)}
