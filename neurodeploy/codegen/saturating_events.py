"""Portable kernels for a current that events enter one after another, because its width applies after every event.

Event-driven: the loop over sources, in row-major order, is the outer one. The loop over the targets of a source is the
inner one; it has no dependence between its iterations, so that a compiler can vectorise it.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.codegen.expressions import statements
from neurodeploy.codegen.integer_types import INDEX, stored_type
from neurodeploy.codegen.kernels import SPARSE
from neurodeploy.codegen.layout import Layout
from neurodeploy.codegen.tables import Tables
from neurodeploy.step.arrival import Delivery
from neurodeploy.step.plan import Sender
from neurodeploy.step.value import Value


def delivery_kernel(
    delivery: Delivery, sender: Sender, source: Layout, target: Layout, name: str, tables: Tables
) -> str:
    """The function ``name(u, sent)``, which lets the messages ``sent`` change the currents ``u``.

    ``source``, ``target``: how both populations are stored. Weights lie as (source in row-major order, stored target),
    or as lists where most are 0.
    """
    state = stored_type(delivery.after.low, delivery.after.high).name
    sent = stored_type(sender.low, sender.high).name
    message = stored_type(*_message_range(delivery, sender)).name
    unit = delivery.projection.message_bits == 1
    place, index = "j", ""
    if not source.trivial:
        places, _ = tables.add(source.place, INDEX)
        place, index = f"{places}[j]", f"const int32_t place = {places}[j]; "
    at = "place" if index else place
    return f"""{_event(delivery, source, target, name, state, message, tables)}
static void {name}({state} *restrict u, const {sent} *restrict sent) {{
  for (int32_t j = 0; j < {source.size}; j++) {{
    {index}if (sent[{at}] != 0) {name}_event(u, j, {"1" if unit else f"sent[{at}]"});
  }}
}}
"""


def _message_range(delivery: Delivery, sender: Sender) -> tuple[int, int]:
    return (0, 1) if delivery.projection.message_bits == 1 else (sender.low, sender.high)


def _event(
    delivery: Delivery, source: Layout, target: Layout, name: str, state: str, message: str, tables: Tables
) -> str:
    """The function ``<name>_event(u, j, m)``: the message ``m`` of source ``j`` (row-major) to all its targets."""
    rows = delivery.projection.weights[target.order].T
    lists = delivery.projection.kind == "sparse" or np.count_nonzero(rows) * SPARSE < rows.size
    if lists:
        sources, targets = np.nonzero(rows)
        starts, _ = tables.add(np.searchsorted(sources, np.arange(len(rows) + 1)), INDEX)
        places, _ = tables.add(targets, INDEX)
        table, _ = tables.add(rows[sources, targets])
        weight = f"{table}[k]"
        loop = (
            f"for (int32_t k = {starts}[j]; k < (int32_t){starts}[j + 1]; k++) {{\n    const int32_t i = {places}[k];"
        )
        before = ""
    else:
        table, kind = tables.add(rows)
        before = f"  const {kind.name} *row = {table} + j * {target.size};\n"
        weight, loop = "row[i]", f"for (int32_t i = 0; i < {target.size}; i++) {{"

    def load(value: Value) -> str:
        return {"state": "u[i]", "weight": weight, "message": "m"}[value.op]

    values = statements([delivery.after], load, {})
    lines = "".join(f"    {line}\n" for line in (*values.lines, f"u[i] = ({state}){values[delivery.after]};"))
    head = f"static void {name}_event({state} *restrict u, int32_t j, {message} m)"
    return f"\n{head} {{\n{before}  {loop}\n{lines}  }}\n}}\n"
