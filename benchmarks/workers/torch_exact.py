"""PyTorch with the machine's integers: float32 sums, which are exact here, and float64 products truncated to zero."""

# pyright: reportMissingImports=false
from __future__ import annotations

from functools import partial

from benchmarks.workers.protocol import serve
from benchmarks.workers.torch_net import TorchNet

make = partial(TorchNet, exact=True)

if __name__ == "__main__":
    serve(make)
