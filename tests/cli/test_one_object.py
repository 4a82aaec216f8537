"""``--json`` is one object on standard output, whatever the code of a user's module does to it."""

import json
import os
from pathlib import Path

import norse.torch as norse
import pytest
import torch
from torch import nn

import neurodeploy as nd
from tests.cli.support import forked

BODIES = {
    "prints": "print('hello')",
    "writes to fd 1": "os.write(1, b'hello\\n')",
    "prints by a process": "subprocess.run(['echo', 'hello'])",
    "prints at the end": "atexit.register(print, 'hello')",
    "closes stdout": "sys.stdout.close()",
    "replaces stdout": "sys.stdout = io.StringIO()",
    "takes fd 1 away": "os.close(1)",
    "forks": "os.fork()",
    "forks, and the copy leaves": "os.fork() or sys.exit(0)",
    "sys.exit(0)": "sys.exit(0)",
    "os._exit(0)": "os._exit(0)",
    "raises BaseException": "raise BaseException('no')",
    "kills itself": "os.kill(os.getpid(), 9)",
}
WORKS = set(list(BODIES)[:9])


@pytest.fixture
def sources(folder: Path) -> None:
    """A state dict, and a module with a factory that misbehaves in each way."""
    torch.save({"0.weight": torch.eye(3)}, folder / "net.pt")
    functions = "".join(
        f"def make{number}():\n    {body}\n    return net()\n\n" for number, body in enumerate(BODIES.values())
    )
    text = "import atexit, io, os, subprocess, sys\nfrom torch import nn\nimport norse.torch as norse\n\n"
    text += "def net():\n    return norse.SequentialState(nn.Linear(3, 3, bias=False), norse.LIFBoxCell())\n\n"
    (folder / "mine.py").write_text(text + functions)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.usefixtures("sources")
@pytest.mark.parametrize("name", BODIES)
def test_one_object_whatever_a_module_does(name: str) -> None:
    factory = f"mine:make{list(BODIES).index(name)}"
    arguments = ("inspect", "net.pt", "--module", factory, "--input-shape", "3", "--json")
    code, out, err = forked(arguments, lambda: None)
    told = json.loads(out)
    assert out.count("\n") == 1
    assert ("error" not in told, code == 0) == (name in WORKS, name in WORKS), (code, out, err)
    assert code != 70
    assert "Traceback" not in err
    assert "\x1b" not in err


def _everything(module: nn.Module) -> object:
    """What a module holds: modes, hooks, attributes, and values."""
    parts = {
        name: (part.training, list(part.__dict__), len(part._forward_hooks)) for name, part in module.named_modules()
    }
    return parts, {name: value.tolist() for name, value in module.state_dict().items()}, module.__class__


@pytest.mark.parametrize("training", [True, False])
def test_a_module_at_hand_stays_as_it_is(training: bool) -> None:
    module = norse.SequentialState(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5), norse.LIFBoxCell()).train(
        training
    )
    module.held = module(torch.ones(2, 3))[1]
    before, held = _everything(module), module.held
    network = nd.load(module, input_shape=(3,))
    nd.run(network, steps=2, on="source")
    assert _everything(module) == before
    assert module.held is held
