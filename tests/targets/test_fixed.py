"""``fixed``: the reference itself, or compiled code on request."""

import json

import numpy as np
import pytest
from neurodeploy.targets.fixed import TARGET

from neurodeploy.conformance import generate
from neurodeploy.engine.compiler import find_compiler
from neurodeploy.engine.run import EngineWarning
from neurodeploy.errors import InputError
from neurodeploy.flow import check, export, run
from neurodeploy.model import find_model
from neurodeploy.network.network import Network

COMPILED = {"engine": "compiled"}
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
    rung = check(network, images, targets=["fixed"], options=COMPILED).rungs[-1]
    assert (rung.target, rung.verdict, rung.proof) == ("fixed", "agree", "")
    assert all(node.state_mismatches == 0 for node in rung.nodes.values())


def test_the_reference_is_usual_and_claims_no_proof(network: Network, images) -> None:
    rung = check(network, images, targets=["fixed"]).rungs[-1]
    assert (rung.verdict, rung.proof) == ("agree", "same code as program")


def test_without_a_compiler_it_warns_and_says_so(network: Network, images, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.warns(EngineWarning, match="no C compiler"):
        rung = check(network, images, targets=["fixed"], options=COMPILED).rungs[-1]
    assert rung.verdict == "agree"
    assert rung.proof == "same code as program: no C compiler was found"


@needs_compiler
def test_a_bundle_remembers_its_engine(network: Network, images, tmp_path) -> None:
    bundle = export(network, "fixed", tmp_path / "digits.fixed", COMPILED)
    assert json.loads((tmp_path / "digits.fixed/target/engine.json").read_text()) == COMPILED
    assert run(bundle, images).meta["engine"] == "compiled"


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InputError, match="choose: compiled, reference"):
        TARGET.lower(generate(1, "stock").program, {"engine": "abacus"})


@needs_compiler
@pytest.mark.parametrize("numerics", ["loihi2", "int32"])
def test_both_numerics_run_compiled(network: Network, images, numerics: str) -> None:
    rung = check(network, images, targets=["fixed"], options={**COMPILED, "numerics": numerics}).rungs[-1]
    assert (rung.verdict, rung.proof) == ("agree", "")
