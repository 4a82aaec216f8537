"""A peer's process: what it answers, and what becomes of a peer that is absent or fails."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import environments, loading, peers
from benchmarks.cases import Case, run_case
from benchmarks.engine import prepare, raster
from benchmarks.results import OURS, ROOF
from benchmarks.roofline import Microbenchmarks
from benchmarks.workload import write
from neurodeploy.errors import InputError, UnavailableError
from tests.benchmarks.support import needs_compiler, small


@pytest.fixture(scope="module")
def worker() -> Iterator[peers.Worker]:
    """Bit-exact PyTorch in a process of this very environment, which has torch."""
    worker = peers.start(Path(sys.executable), "torch_exact", 1)
    yield worker
    worker.close()
    assert worker.process.returncode == 0


@needs_compiler
def test_a_worker_loads_runs_and_shows_its_raster(worker: peers.Worker, tmp_path: Path) -> None:
    work = small("W1")
    with pytest.raises(peers.PeerError, match="nothing is loaded"):
        worker.seconds(1)
    write(work, tmp_path / "w1.npz")
    worker.load(tmp_path / "w1.npz", 1)
    assert worker.version.startswith("torch 2")
    assert worker.seconds(3) > 0
    ours = raster(prepare(loading.as_shipped(work.program), work.stimulus), work.steps)
    theirs = worker.raster()
    assert theirs.keys() == ours.keys()
    assert all((theirs[name] == ours[name]).all() for name in ours)


def in_norse() -> Path:
    return Path(sys.executable)  # the development set-up has it


def in_own(environment: str) -> Path:
    try:
        return environments.interpreter(environment)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", ["Norse", "SpikingJelly"])
def test_a_chain_with_equations_of_its_own_runs_and_shows_no_raster(name: str, tmp_path: Path) -> None:
    peer = next(candidate for candidate in peers.PEERS if candidate.name == name)
    write(small("W1"), tmp_path / "w1.npz")
    write(small("W2"), tmp_path / "w2.npz")
    worker = peers.start(in_norse() if name == "Norse" else in_own(peer.environment), peer.worker, 1)
    try:
        worker.load(tmp_path / "w1.npz", 1)
        assert worker.version.startswith(name.lower())
        assert worker.seconds(2) > 0
        assert worker.raster() == {}
        with pytest.raises(peers.PeerError, match="this network branches"):
            worker.load(tmp_path / "w2.npz", 1)
    finally:
        worker.close()


@needs_compiler
def test_xylosim_equals_the_engine(tmp_path: Path) -> None:
    work = small("W3X")
    write(work, tmp_path / "w3x.npz")
    worker = peers.start(in_own("xylosim"), "xylosim_layer", 1)
    try:
        worker.load(tmp_path / "w3x.npz", 1)
        theirs = worker.raster()["hidden"]
    finally:
        worker.close()
    ours = raster(prepare(loading.as_shipped(work.program), work.stimulus), work.steps)["hidden"]
    assert ours.any()
    assert (ours == theirs).all()


def test_a_failure_is_answered_and_the_worker_lives_on(worker: peers.Worker, tmp_path: Path) -> None:
    with pytest.raises(peers.PeerError, match="FileNotFoundError"):
        worker.load(tmp_path / "none.npz", 1)
    with pytest.raises(peers.PeerError, match="FileNotFoundError"):
        worker.load(tmp_path / "none.npz", 1)


def test_a_worker_that_ends_says_why(tmp_path: Path) -> None:
    broken = peers.start(Path(sys.executable), "no_such_worker", 1)
    with pytest.raises(peers.PeerError, match=r"ended with code 1: .*no_such_worker"):
        broken.load(tmp_path / "w1.npz", 1)
    broken.close()


@needs_compiler
def test_absent_peers_are_listed_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path))
    with peers.Workers() as workers:
        result = run_case(Case("W1", 32, 0.05, lava=1), 1, Microbenchmarks(), workers, tmp_path, lambda text: None)
    assert (result.of_roof or 0) > 0
    ours, roof = (result.measured.pop(name) for name in (OURS, ROOF))
    assert ours.median is not None
    assert roof.median is not None
    assert {"Norse", "Lava", "PyTorch eager, 1 thread"} <= result.measured.keys()
    assert all("install" in peer.missing and peer.median is None for peer in result.measured.values())
    assert result.faster("Norse") is None
    assert result.checked == {}


def test_an_environment_that_is_not_there_names_its_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURODEPLOY_HOME", str(tmp_path))
    for name in environments.ENVIRONMENTS:
        with pytest.raises(UnavailableError, match=f"python -m benchmarks install {name}"):
            environments.interpreter(name)
    with pytest.raises(InputError, match="choose: torch, norse"):
        environments.install("nest", lambda line: None)
    assert list(tmp_path.iterdir()) == []


def test_accelerator_libraries_are_not_installed() -> None:
    environments.refuse_heavy("torch", ["torch", "numpy", "sympy"])
    with pytest.raises(UnavailableError, match="nvidia-cublas, triton"):
        environments.refuse_heavy("torch", ["torch", "nvidia-cublas", "triton"])


def test_every_peer_has_an_environment_and_a_worker() -> None:
    for peer in peers.PEERS:
        assert peer.environment in environments.ENVIRONMENTS
        assert (Path(peers.__file__).parent / "workers" / f"{peer.worker}.py").is_file()


def test_pins_agree_with_the_development_setup() -> None:
    pinned = dict(line.split("==") for line in environments.CONSTRAINTS.read_text().splitlines() if "==" in line)
    every = environments.ENVIRONMENTS.values()
    requirements = {requirement for environment in every for requirement in environment.requirements}
    for requirement in requirements:
        name, _, number = requirement.partition("==")
        assert not number or pinned.get(name, number) == number
