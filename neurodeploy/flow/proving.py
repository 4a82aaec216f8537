"""What is proved of a model's or bundle's integers for the inputs that its network declares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from neurodeploy.analysis.proof import Proof, prove_program
from neurodeploy.analysis.reachability import InputRanges
from neurodeploy.flow.arguments import LoadOptions, spell_out, texts
from neurodeploy.flow.loading import load
from neurodeploy.flow.subject import Subject, network_of, open_subject, program_of
from neurodeploy.network.network import Network
from neurodeploy.program.program import Program


@spell_out(load)
def prove(
    subject: Program | Subject | str | Path,
    ranges: InputRanges | None = None,
    options: Mapping[str, object] | None = None,
    **loading: Unpack[LoadOptions],
) -> Proof:
    """Prove, node by node, that no accumulator, current, membrane or graded message can leave its width.

    A proof holds for every input in the range and for runs of any length. Where there is none, an input that makes it
    happen is searched for and run on the reference; where none is found either, the bound is told. The proof also names
    neurons that never fire, or fire in every step, whatever the input.

    Args:
        subject: a Program, a bundle or its folder, a Network, or what ``load`` takes together with the arguments of
            ``load``; the integers of a source are those of the numerics that ``options`` name.
        ranges: least and greatest real value of inputs, by name; those that the network declares by default, and for a
            Program all that the quantizer of the input gives.
        options: of quantization, e.g. ``{"numerics": "int32"}``.

    Raises:
        InputError: for options that do not fit, and what ``load`` and ``quantize`` raise for a source.

    Example:
        >>> nd.prove("model.fixed")["lif1"].verdict
        'proved'
    """
    if isinstance(subject, Program):
        return prove_program(subject, ranges)
    opened = open_subject(subject, **loading)
    program = program_of(opened, texts(options))
    return proof_of(network_of(opened), program, ranges)


def proof_of(network: Network, program: Program, ranges: InputRanges | None = None) -> Proof:
    """What is proved of the program of a network, for the inputs that it declares; ``ranges`` replace those of some."""
    declared = {node.name: network.input_range(node.name) for node in program.inputs}
    proof = prove_program(program, {name: (v.low, v.high) for name, v in declared.items()} | dict(ranges or {}))
    fixed = (p.name for p in program.populations if network.contract.of(p.name).state_grid is not None)
    return replace(proof, fixed=frozenset(fixed))
