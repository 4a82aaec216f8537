"""The files of a deployed network: its source with heads, its probe, and what it takes of memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from neurodeploy.analysis.ranges import Range
from neurodeploy.codegen import Rendering, render
from neurodeploy.codegen.encoders import EncoderText, encoder_text
from neurodeploy.codegen.heads import Heads, heads
from neurodeploy.codegen.helpers import missing_helpers
from neurodeploy.codegen.integer_types import stored_type
from neurodeploy.codegen.names import checked_prefix
from neurodeploy.codegen.probe import Probe, probe
from neurodeploy.embedded.footprint import Footprint, footprint
from neurodeploy.embedded.header import END, firmware_header
from neurodeploy.embedded.report import memory_json, memory_text
from neurodeploy.errors import InputError
from neurodeploy.program.program import Program
from neurodeploy.step.plan import Plan, plan
from neurodeploy.streams import stream_of
from neurodeploy.target import Option

TAKEN = frozenset({"main", "probe", "probe_host", "board", "makefile", "clean", "zephyr", "src", "examples"})
"""Names of files that targets write beside it, and of what its Makefile makes, in small letters."""
HEADERS = frozenset(
    {"assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "limits", "locale", "math"}
) | {
    *("setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib"),
    *("stdnoreturn", "string", "tgmath", "threads", "time", "uchar", "wchar", "wctype"),
}
"""Names of C's own headers, which one of ours would hide from whatever is built beside it."""
LONGEST = 40


def _checked(prefix: str) -> str:
    """Raises InputError for a prefix that is no identifier or names another file."""
    if prefix.lower() in TAKEN | HEADERS or len(prefix) > LONGEST:
        another = "a header of C" if prefix.lower() in HEADERS else "another file"
        problem = "is too long" if len(prefix) > LONGEST else f"{prefix!r} is the name of {another}"
        raise InputError(problem, "-O prefix", f"use another name, of at most {LONGEST} letters")
    return checked_prefix(prefix)


PREFIX = Option("prefix", "model", "name of the files, and what every function of the source begins with", _checked)


@dataclass(frozen=True)
class Deployed:
    """A program in C. ``files``: its header, its source, its probe and the memory report, by name."""

    rendering: Rendering
    heads: Heads
    probe: Probe
    footprint: Footprint
    files: Mapping[str, bytes]
    encoder: EncoderText | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What was made, in words."""
        needed = self.footprint
        notes = [
            f"flash: at most {needed.flash} bytes ({needed.constants} of constants); RAM: at most {needed.ram} bytes "
            f"({needed.context} of context, at most {needed.stack} of stack)"
        ]
        if self.encoder is not None:
            notes.append(f"its {self.encoder.kind} encoder comes along in integers, {self.encoder.memory} bytes of RAM")
        left_out = self.heads.left_out
        return (*notes, *([f"{left_out} is not made of integers the step gives: not in C"] if left_out else []))


def deploy(program: Program, prefix: str = PREFIX.default, sent: Mapping[str, Range] | None = None) -> Deployed:
    """The program in portable C; the same bytes for the same program. ``sent`` widens ranges of messages, as in a plan.

    Raises InputError for a prefix that is no identifier or names another file, and for what the source cannot hold.
    """
    _checked(prefix)
    planned = plan(program, sent)
    rendering = render(planned, prefix)
    host, front = heads(planned, prefix), _front(planned, prefix)
    source = rendering.source + host.source
    header = rendering.header.removesuffix(END) + host.header
    if front is not None:
        source += missing_helpers(front.source, source) + front.source
        header += front.header
    probing, needed = probe(planned, rendering, source, front), footprint(planned, rendering, host, source, front)
    texts = {
        f"{prefix}.h": firmware_header(header + END, source, program, rendering),
        f"{prefix}.c": source,
        f"{prefix}_probe.c": probing.text,
        "memory.json": memory_json(needed),
        "memory.txt": memory_text(needed),
    }
    files = {name: text.encode("ascii") for name, text in texts.items()}
    return Deployed(rendering, host, probing, needed, files, front)


def _front(planned: Plan, prefix: str) -> EncoderText | None:
    pre = planned.program.host.pre
    if pre is None:
        return None
    sender, quantizer = planned.senders[pre.node], planned.program.input_by_name[pre.node]
    unit = int(quantizer.quantize(np.ones(())))
    return encoder_text(stream_of(pre), pre.node, prefix, stored_type(sender.low, sender.high), unit)
