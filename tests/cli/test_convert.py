"""``convert`` writes networks as files of another kind, and nothing where it cannot."""

from pathlib import Path

import numpy as np

from neurodeploy.flow import load, run
from neurodeploy.network import InputRange
from neurodeploy.network.file import write_network
from tests.cli.support import call, small_network
from tests.crossframework.lava_dl.committed import net_file


def test_a_net_becomes_a_nir_and_a_net_again(folder: Path) -> None:
    source = net_file("conv-random", folder)
    result = call("convert", source, "-o", "as.nir", "--json")
    assert result.code == 0
    assert (result.data["written"], [each["slug"] for each in result.data["findings"]]) == (
        "as.nir",
        ["lava-assumes-dt"],
    )
    assert call("convert", "as.nir", "-o", "again.net").out == "wrote again.net\n"
    assert load("again.net").contract == load(source).contract


def test_a_net_is_exported_and_checked_like_any_source(folder: Path) -> None:
    source = net_file("dense-dyadic", folder)
    assert call("export", source, "--target", "fixed").code == 0
    result = call("check", "dense-dyadic.fixed", "--json")
    assert result.code == 0
    assert {each["verdict"] for each in result.data["rungs"]} == {"agree"}


def test_what_was_written_is_named_so_that_a_terminal_only_shows_it(model: Path) -> None:
    assert call("convert", model, "-o", "\x1b]0;x\x07.nir").out == "wrote \\x1b]0;x\\x07.nir\n"


def test_an_integrate_and_fire_network_gives_the_same_raster_as_a_net(model: Path) -> None:
    assert call("convert", model, "-o", "small.net").out == "wrote small.net\n"
    x = {"input": np.random.default_rng(0).integers(0, 2, (1, 60, 3))}
    first, second = run(model, x), run("small.net", x)
    assert first["readout"].output.sum() > 10
    assert all(np.array_equal(first[name].output, second[name].output) for name in ("hidden", "readout"))


def test_what_slayer_cannot_say_is_refused_and_nothing_is_written(folder: Path) -> None:
    write_network(small_network(values=InputRange(-1.0, 1.0, 0.125)), folder / "graded.nir")
    result = call("convert", "graded.nir", "-o", "small.net")
    assert result.code == 2
    assert "node input: takes values from -1 to 1, a .net's input takes spikes" in result.err
    assert not Path("small.net").exists()


def test_another_suffix_is_refused_before_anything_is_read() -> None:
    result = call("convert", "missing.nir", "-o", "model.onnx")
    assert result.code == 2
    assert "cannot write .onnx" in result.err


def test_lint_tells_what_was_noticed_while_a_net_was_read(folder: Path) -> None:
    result = call("lint", net_file("dense-strong", folder), "--json")
    assert result.code == 0
    assert [each["slug"] for each in result.data["findings"]] == ["lava-dl-coarse-threshold", "lava-assumes-dt"]
