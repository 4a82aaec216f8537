"""``export --stages`` and ``export --stop-after``: the pipeline seen from the command line."""

from pathlib import Path

import pytest

from neurodeploy.network.file import write_network
from neurodeploy.passes.pipeline import STAGES, pipeline_options
from tests.cli.support import call, refused, small_network

NAMES = [stage.name for stage in STAGES]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_network(small_network(), Path("small.nir"))
    return Path("small.nir")


def test_the_stages_are_listed_without_a_network() -> None:
    result = call("export", "--stages")
    assert result.code == 0
    assert [line.split()[0] for line in result.out.splitlines()[2 : 2 + len(NAMES)]] == NAMES
    for key in pipeline_options():
        assert key in result.out


def test_the_json_of_the_stages_has_conditions_options_and_defaults() -> None:
    listed = call("export", "--stages", "--json").data["stages"]
    assert [stage["name"] for stage in listed] == NAMES
    messages = next(stage for stage in listed if stage["name"] == "messages")
    assert messages["options"]["message-bits"]["default"] == 8
    assert messages["ensures"] == ["every message holds the values sent"]
    assert "here" not in messages


def test_a_target_fixes_the_range_of_every_option() -> None:
    listed = call("export", "--stages", "-t", "fixed", "-O", "numerics=int32", "--json").data["stages"]
    takes = {key: option["takes"] for stage in listed for key, option in stage["options"].items()}
    assert takes["weight-bits"].startswith("a whole number from 1 to 16")
    assert takes["numerics"] == "int32"


def test_with_a_network_every_stage_says_what_it_did_and_nothing_is_written(model: Path) -> None:
    result = call("export", model, "-t", "fixed", "--stages", "--json")
    assert result.code == 0
    assert all(stage["here"] for stage in result.data["stages"])
    assert [path.name for path in Path().iterdir()] == [model.name]


@pytest.mark.parametrize("name", NAMES)
def test_it_stops_after_any_stage(name: str, model: Path) -> None:
    data = call("export", model, "-t", "fixed", "--stop-after", name, "--json").data
    assert [stage["name"] for stage in data["stages"]] == NAMES[: NAMES.index(name) + 1]
    assert call("export", model, "-t", "fixed", "--stop-after", name).code == 0
    assert [path.name for path in Path().iterdir()] == [model.name]


def test_the_scales_of_a_network_are_shown_as_a_table(model: Path) -> None:
    out = call("export", model, "-t", "fixed", "--stop-after", "scales").out
    rows = call("export", model, "-t", "fixed", "--stop-after", "scales", "--json").data["stages"][-1]["rows"]
    assert out.startswith("scales from 2^")
    for row in rows:
        assert row["2^k"] == 2.0 ** row["k"]
        assert row["population"] in out


def test_bad_calls_are_refused(model: Path) -> None:
    assert "no stage 'polish'" in refused("export", model, "-t", "fixed", "--stop-after", "polish")
    assert "scales, rounding" in refused("export", model, "-t", "fixed", "--stop-after", "polish")
    assert "name a SOURCE" in refused("export", "-t", "fixed", "--stop-after", "scales")
    assert "SOURCE and a --target" in refused("export", model)
    assert "from 1 to 16" in refused("export", model, "-t", "fixed", "--stages", "-O", "weight-bits=17")


def test_the_list_of_targets_has_the_same_options_with_the_range_of_each_target() -> None:
    fixed = call("targets", "--json").data["fixed"]["quantization"]
    assert fixed["weight-bits"]["takes"] == "a whole number from 1 to 16, or one per layer as in 8,NAME:4"
    assert fixed["weight-bits"]["help"] == pipeline_options()["weight-bits"].help
    assert fixed["numerics"]["takes"] == "loihi2 or int32"
    assert {key: option["default"] for key, option in fixed.items()} == {
        "numerics": None, "weight-bits": None, "weight-exponent": None, "spikes-per-step": None, "budget": None,
        "unit": "auto", "room": "auto", "message-bits": 8,
    }  # fmt: skip
