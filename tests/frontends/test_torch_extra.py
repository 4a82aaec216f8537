"""What need_torch imports: PyTorch and Norse, and what Norse draws with only when it draws."""

import subprocess
import sys

SCRIPT = """
import sys
from neurodeploy.frontends.torch_extra import need_torch
need_torch()
from neurodeploy.models import digits
digits.stimulus(digits.PRESETS["default"], samples=2)
print(sorted({"norse", "torch", "matplotlib", "pandas", "scipy", "sklearn"} & sys.modules.keys()))
import torch, norse.torch
drawn = norse.torch.plot_spikes_2d(torch.ones(3, 4))
import norse.torch.utils.plot.plot as plot
print(type(drawn) is type(plot.plot_spikes_2d(torch.ones(3, 4))), "matplotlib" in sys.modules)
"""


def test_norse_comes_without_matplotlib_until_it_draws_and_digits_without_importing_scikit_learn() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["['norse', 'torch']", "True True"]
