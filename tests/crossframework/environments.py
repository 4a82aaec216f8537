"""What every framework runs in: an environment of its own, made as the benchmarks make theirs.

Where a framework declares more than its simulator and exporter import, or versions that exclude each other, it is
installed alone beside what those import. sinabs declares nir up to 1.0.4, with which nirtorch 2.0.2 goes.
"""

from __future__ import annotations

from benchmarks.environments import ENVIRONMENTS as PEERS
from benchmarks.environments import TORCH, Environment

NIR = (*TORCH, "nir==1.0.8", "nirtorch==2.6")

ENVIRONMENTS = {
    "norse": PEERS["norse"],
    "snntorch": Environment("cross-snntorch", NIR, ("snntorch==1.0.0",)),
    "spikingjelly": Environment("cross-spikingjelly", (*NIR, "tqdm", "loguru"), ("spikingjelly==2.0.0",)),
    "sinabs": Environment(
        "cross-sinabs", (*TORCH, "h5py", "matplotlib", "pbr"), ("nir==1.0.4", "nirtorch==2.0.2", "sinabs==3.1.3")
    ),
    "rockpool": Environment("cross-rockpool", (*NIR, "scipy"), ("rockpool==3.1.0",)),
    "spyx": Environment("cross-spyx", ("numpy", "nir==1.0.8", "flax==0.12.7", "optax", "grain"), ("spyx==1.0.0",)),
}
