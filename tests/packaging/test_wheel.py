"""What the wheel brings, in an environment that holds nothing but the wheel and its base dependencies."""

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path, PurePosixPath

import pytest
import torch

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "norse", "sklearn", "scipy", "matplotlib"}


WRITE_NETWORK = """
import sys
from pathlib import Path

import numpy as np

from neurodeploy.network.builder import NetworkBuilder
from neurodeploy.network.file import write_network
from neurodeploy.network.network import InputRange

net = NetworkBuilder()
image = net.input("input", (4,), InputRange(0.0, 1.0, 1.0))
drive = net.linear("fc", image, np.eye(4, dtype=np.float32))
net.output("output", net.lif("lif", drive, tau=2e-3, threshold=0.375))
write_network(net.build(), Path(sys.argv[1]))
"""


def python(*arguments: str | Path) -> str:
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    python("-m", "build", "--no-isolation", "--outdir", folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="session")
def wheel(distributions: tuple[Path, Path]) -> Path:
    return distributions[1]


@pytest.fixture(scope="session")
def bare(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment's folder of programs: the wheel and its base dependencies, no extra."""
    home = tmp_path_factory.mktemp("bare")
    python("-m", "venv", "--without-pip", home)
    pip = ("-m", "pip", "--python", home / "bin/python", "--disable-pip-version-check", "-qq")
    python(*pip, "install", "-c", ROOT / "constraints.txt", wheel)
    return home / "bin"


def run_bare(bare: Path, program: str, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "NEURODEPLOY"))}
    command = [bare / program, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def source_files() -> set[str]:
    """Every file of the package, its targets and its models, where it stands in the wheel."""
    folders = {"neurodeploy": "neurodeploy", "targets": "neurodeploy/targets", "models": "neurodeploy/models"}
    found = {
        f"{place}/{each.relative_to(ROOT / folder).as_posix()}"
        for folder, place in folders.items()
        for each in (ROOT / folder).rglob("*")
        if each.is_file()
    }
    return {name for name in found if "__pycache__" not in name}


def test_brings_one_package_and_its_metadata(wheel: Path) -> None:
    tops = {PurePosixPath(name).parts[0] for name in names_in(wheel)}
    assert tops == {"neurodeploy", f"{wheel.name.rsplit('-', 3)[0]}.dist-info"}


def test_its_metadata_describe_it_and_hold_the_readme(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        head, _, body = archive.read(name).decode().partition("\n\n")
    assert "\nSummary: Carry trained spiking networks" in head
    assert "\nDescription-Content-Type: text/markdown" in head
    assert body.strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()


def test_brings_every_file_of_the_package_with_targets_and_models_inside(wheel: Path) -> None:
    brought = {name for name in names_in(wheel) if name.startswith("neurodeploy/")}
    assert brought == source_files()


def test_brings_weights_worker_environments_and_types(wheel: Path) -> None:
    names = names_in(wheel)
    assert {"neurodeploy/py.typed", "neurodeploy/models/digits/weights.safetensors"} <= names
    for target in ("fixed", "loihi_sim"):
        assert f"neurodeploy/targets/{target}/README.md" in names


def test_the_sdist_is_enough_to_test_and_build_from(distributions: tuple[Path, Path]) -> None:
    with tarfile.open(distributions[0]) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = {"Makefile", "constraints.txt", "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".ci/run"}
    assert wanted <= names
    assert "tests/packaging/test_wheel.py" in names


def test_the_wheel_is_the_same_from_the_checkout_and_from_the_sdist(wheel: Path, tmp_path: Path) -> None:
    python("-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path)
    (direct,) = tmp_path.glob("*.whl")
    assert names_in(direct) == names_in(wheel)


def test_an_editable_install_finds_targets_and_models_in_the_checkout() -> None:
    for name, place in {
        "neurodeploy.targets.fixed": "targets/fixed/__init__.py",
        "neurodeploy.models.digits": "models/digits/__init__.py",
    }.items():
        spec = find_spec(name)
        assert spec is not None
        assert spec.origin == str(ROOT / place)


def test_site_packages_gains_only_the_package(bare: Path, tmp_path: Path) -> None:
    script = (
        "from importlib.metadata import files; print(*sorted({str(f).split('/')[0] for f in files('neurodeploy')}))"
    )
    done = run_bare(bare, "python", "-c", script, cwd=tmp_path)
    tops = [top for top in done.stdout.split() if top != ".." and not top.endswith(".dist-info")]
    assert tops == ["neurodeploy"], done.stderr


def test_targets_and_models_are_registered_as_plug_ins(bare: Path, tmp_path: Path) -> None:
    script = (
        "from importlib.metadata import entry_points as e\n"
        "print(*sorted(p.name for group in ('neurodeploy.targets', 'neurodeploy.models') for p in e(group=group)))"
    )
    done = run_bare(bare, "python", "-c", script, cwd=tmp_path)
    assert done.stdout.split() == [
        "c",
        "cortex-m",
        "digits",
        "fixed",
        "gestures",
        "loihi-sim",
        "spikeseg",
        "spikingrx",
        "xylo-sim",
    ], done.stderr


def test_heads_read_runs_without_the_extras(bare: Path, tmp_path: Path) -> None:
    script = "from neurodeploy.heads import installed_heads\nprint(*sorted(installed_heads().usable))"
    done = run_bare(bare, "python", "-c", script, cwd=tmp_path)
    assert done.stdout.split() == ["boxes", "llr", "spike-count-argmax"], done.stderr


def test_targets_import_without_the_extras(bare: Path, tmp_path: Path) -> None:
    script = (
        "from neurodeploy.target import GROUP, find_target\n"
        "from importlib.metadata import entry_points\n"
        "print(*sorted(find_target(p.name).name for p in entry_points(group=GROUP)))"
    )
    done = run_bare(bare, "python", "-c", script, cwd=tmp_path)
    assert done.stdout.split() == ["c", "cortex-m", "fixed", "loihi-sim", "xylo-sim"], done.stderr


def test_tells_its_version(bare: Path, wheel: Path, tmp_path: Path) -> None:
    done = run_bare(bare, "neurodeploy", "--version", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert wheel.name.split("-")[1] in done.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["export", "--help"], ["check", "--help"]], ids=" ".join)
def test_help_comes_at_once(arguments: Sequence[str]) -> None:
    """Every extra is installed here, and none is imported: what would make help wait."""
    call = f"import sys; sys.argv = ['neurodeploy', *{arguments!r}]; from neurodeploy.cli import main; main()"
    done = subprocess.run([sys.executable, "-X", "importtime", "-c", call], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert not imported & HEAVY


def test_exports_a_nir_file_without_torch(bare: Path, tmp_path: Path) -> None:
    written = run_bare(bare, "python", "-c", WRITE_NETWORK, "small.nir", cwd=tmp_path)
    assert written.returncode == 0, written.stderr
    done = run_bare(bare, "neurodeploy", "export", "small.nir", "--target", "fixed", "-o", "small.fixed", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "small.fixed/manifest.json").is_file()
    checked = run_bare(bare, "neurodeploy", "check", "small.fixed", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_checkpoint_without_torch_names_the_extra(bare: Path, tmp_path: Path) -> None:
    torch.save({"model": "digits", "config": {}, "state_dict": {}}, tmp_path / "model.pt")
    done = run_bare(bare, "neurodeploy", "export", "model.pt", "--target", "fixed", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert "neurodeploy[torch]" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["model.pt"]
