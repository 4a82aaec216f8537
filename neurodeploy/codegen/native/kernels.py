"""All native kernels, one row each: a new kernel is a file beside this one and a row here."""

from __future__ import annotations

from collections.abc import Mapping

from neurodeploy.codegen.kernels import kernel as portable_kernel
from neurodeploy.codegen.native.conv_columns import COLUMNS
from neurodeploy.codegen.native.conv_dense import DENSE
from neurodeploy.codegen.native.conv_pairs import PAIRS
from neurodeploy.codegen.native.conv_scatter import SCATTER
from neurodeploy.codegen.native.conv_table import TABLE
from neurodeploy.codegen.native.kernel import NativeKernel
from neurodeploy.codegen.native.matrix_events import MATRIX
from neurodeploy.codegen.native.pool_bytes import POOL

PORTABLE = NativeKernel(
    "portable",
    lambda edge, machine: True,
    lambda task, name, tables: portable_kernel(task.edge, name, tables),
    reads="messages",
)
"""The portable kernel: it adds to an accumulator of the whole population instead of a block of it."""
WINDOWS = (POOL, COLUMNS, SCATTER, PAIRS, TABLE, DENSE)
"""Kernels of convolutions and poolings; the first that applies is used, or the cost model chooses from SCATTER on."""
MATRICES = (MATRIX,)
"""Kernels of matrices."""
KERNELS: Mapping[str, NativeKernel] = {kernel.name: kernel for kernel in (*WINDOWS, *MATRICES, PORTABLE)}
"""Every kernel by its name."""
FORCED = tuple(KERNELS)
"""Names that ``render(..., forced=name)`` takes."""
