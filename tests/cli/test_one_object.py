"""``--json`` is one object on standard output, whatever the code of a user's module does to it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

BODIES = {
    "writes to fd 1": "os.write(1, b'hello\\n')",
    "prints by a process": "subprocess.run(['echo', 'hello'])",
    "closes stdout": "sys.stdout.close()",
    "sys.exit(0)": "sys.exit(0)",
    "os._exit(0)": "os._exit(0)",
    "raises BaseException": "raise BaseException('no')",
    "forks": "os.fork()",
}
WORKS = {"writes to fd 1", "prints by a process", "closes stdout", "forks"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state dict, and a module with a factory that misbehaves in each way."""
    place = tmp_path_factory.mktemp("user")
    torch.save({"0.weight": torch.eye(3)}, place / "net.pt")
    functions = "".join(
        f"def make{number}():\n    {body}\n    return net()\n\n" for number, body in enumerate(BODIES.values())
    )
    text = "import atexit, io, os, subprocess, sys\nfrom torch import nn\nimport norse.torch as norse\n\n"
    text += "def net():\n    return norse.SequentialState(nn.Linear(3, 3, bias=False), norse.LIFBoxCell())\n\n"
    (place / "mine.py").write_text(text + functions)
    return place


@pytest.mark.parametrize("name", BODIES)
def test_one_object_whatever_a_module_does(folder: Path, name: str) -> None:
    number = list(BODIES).index(name)
    command = [sys.executable, "-m", "neurodeploy", "inspect", "net.pt", "--module", f"mine:make{number}"]
    command += ["--input-shape", "3", "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    told = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert ("error" not in told, done.returncode == 0) == (name in WORKS, name in WORKS), (done.returncode, done.stderr)
    assert done.returncode != 70
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
