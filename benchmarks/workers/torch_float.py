"""PyTorch, eager, float32: what one writes by hand, in place and without gradients."""

# pyright: reportMissingImports=false
from __future__ import annotations

from functools import partial

from benchmarks.workers.protocol import serve
from benchmarks.workers.torch_net import TorchNet

if __name__ == "__main__":
    serve(partial(TorchNet, exact=False))
