"""``fixed``: compiled code, or the reference itself on request and where there is no compiler."""

import json

import numpy as np
import pytest
from neurodeploy.targets.fixed import TARGET

from neurodeploy.conformance import differing_cells, generate
from neurodeploy.engine import compiler
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.run import EngineWarning
from neurodeploy.errors import InputError
from neurodeploy.evidence import INDEPENDENT, same_code
from neurodeploy.flow import check, export, run
from neurodeploy.flow.exporting import lower_program
from neurodeploy.model import find_model
from neurodeploy.network.network import Network
from neurodeploy.reference.program_runner import run_program
from neurodeploy.target import find_target
from tests.cli.support import call, refused, small_network
from tests.xylo.nets import net

REFERENCE = {"engine": "reference"}
needs_compiler = pytest.mark.skipif(find_compiler() is None, reason="no C compiler (Debian: apt-get install gcc)")


@pytest.fixture(scope="module")
def network() -> Network:
    from neurodeploy.frontends.checkpoint import model_network

    model = find_model("digits")
    config = model.preset(None)
    return model_network(model, config, model.build(config))


@pytest.fixture
def images() -> dict[str, np.ndarray]:
    model = find_model("digits")
    return model.stimulus(model.preset(None), None, 10, 0)


@needs_compiler
def test_agreement_of_compiled_code_counts(network: Network, images) -> None:
    rung = check(network, images, targets=["fixed"]).rungs[-1]
    assert (rung.target, rung.verdict, rung.evidence) == ("fixed", "agree", INDEPENDENT)
    assert all(node.state_mismatches == 0 for node in rung.nodes.values())


def test_the_reference_is_no_evidence(network: Network, images) -> None:
    rung = check(network, images, targets=["fixed"], options=REFERENCE).rungs[-1]
    assert (rung.verdict, rung.evidence) == ("same code", same_code("asked for with -O engine=reference"))


def test_without_a_compiler_it_warns_and_says_so(network: Network, images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.warns(EngineWarning, match="no C compiler"):
        rung = check(network, images, targets=["fixed"]).rungs[-1]
    assert (rung.verdict, rung.evidence) == ("same code", same_code("no C compiler was found"))


@pytest.fixture
def no_compiler(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without any: an empty PATH, no CC, and no package ziglang."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setattr(compiler, "find_spec", lambda name: None)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_the_command_line_warns_in_one_line_and_goes_on(more, no_compiler, tmp_path) -> None:
    export(small_network(), "fixed", tmp_path / "small.fixed")
    for verb in (("run", "--input", tmp_path / "s.npz"), ("check", "--allow-silent", "readout", "--allow-same-code")):
        np.savez(tmp_path / "s.npz", input=np.ones((4, 3)))
        result = call(verb[0], tmp_path / "small.fixed", *verb[1:], *more)
        assert result.code == 0, result
        assert result.err == (
            "neurodeploy: warning: no C compiler found (CC, cc, gcc, clang or the package ziglang): "
            "the slower reference runs instead\n"
        )


def test_the_reference_on_request_warns_of_nothing(no_compiler, tmp_path) -> None:
    export(small_network(), "fixed", tmp_path / "small.fixed", REFERENCE)
    result = call("check", tmp_path / "small.fixed", "--allow-silent", "readout", "--json")
    assert (result.code, result.err) == (5, "")
    assert result.data["rungs"][-1]["verdict"] == "same code"


@needs_compiler
def test_a_compiler_that_fails_ends_the_verb(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "bad-cc"
    script.write_text("#!/bin/sh\necho 'no space for it' >&2\nexit 3\n")
    script.chmod(0o755)
    monkeypatch.setenv("CC", str(script))
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path / "home"))
    export(small_network(2.0), "fixed", tmp_path / "small.fixed")
    told = refused("check", tmp_path / "small.fixed", code=6)
    assert "failed with exit code 3:\nno space for it" in told
    assert "remedy: set CC" in told


@needs_compiler
def test_a_bundle_remembers_its_engine(network: Network, images, tmp_path) -> None:
    bundle = export(network, "fixed", tmp_path / "digits.fixed", REFERENCE)
    assert json.loads((tmp_path / "digits.fixed/target/engine.json").read_text()) == REFERENCE
    assert run(bundle, images).meta["engine"] == "reference"
    assert run(export(network, "fixed", tmp_path / "other.fixed"), images).meta["engine"] == "compiled"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="choose one of: compiled, reference"):
        TARGET.lower(generate(1, "stock").program, {"engine": "abacus"})


@needs_compiler
@pytest.mark.parametrize("numerics", ["loihi2", "int32"])
def test_both_numerics_run_compiled(network: Network, images, numerics: str) -> None:
    rung = check(network, images, targets=["fixed"], options={"numerics": numerics}).rungs[-1]
    assert (rung.verdict, rung.evidence) == ("agree", INDEPENDENT)


@pytest.mark.parametrize("name", ["fixed", "c", "cortex-m"])
def test_a_program_made_for_xylo_is_taken(name: str) -> None:
    made = net(4)
    artifact = lower_program(made.program, find_target(name))
    assert artifact.program is made.program
    assert artifact.findings == ()


@needs_compiler
def test_a_program_made_for_xylo_runs_compiled() -> None:
    made = net(4)
    trace = TARGET.run(TARGET.lower(made.program, {}), made.stimulus, states=True)
    assert trace.meta["engine"] == "compiled"
    assert not differing_cells(run_program(made.program, made.stimulus, states=True), trace)
