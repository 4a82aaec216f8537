"""The costs of a program: its projections and populations, counted while its run streams by."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from neurodeploy.costs.blocks import program_pieces
from neurodeploy.costs.connection import Connection, connection
from neurodeploy.costs.counts import Costs
from neurodeploy.costs.tally import Neurons, Tally
from neurodeploy.program.population import Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection
from neurodeploy.stimulus import Stimulus

WORD = 4
"""Bytes of one parameter of a neuron."""
PARAMETERS = ("current_decay", "membrane_decay", "threshold", "bias", "reset_value", "floor", "ceiling")


def program_costs(program: Program, stimulus: Stimulus) -> Costs:
    """What a run of the program costs, counted in chunks of steps. Weights have the width of the program's numerics."""
    connections = [_connection(program, projection) for projection in program.projections]
    populations = [_neurons(population) for population in program.populations]
    tally = Tally("program", stimulus.batch, stimulus.steps, connections, populations)
    for piece in program_pieces(program, stimulus):
        if piece.first:
            tally.start_group()
        trace = piece.trace
        arriving = {
            p.name: (trace[p.source].output != 0 if p.message_bits == 1 else trace[p.source].values)
            for p in program.projections
        }
        sent = {p.name: trace[p.name].output for p in program.populations}
        states = {p.name: trace[p.name].v for p in program.populations if p.kind != "relay"}
        tally.add(piece.steps.start, arriving, sent, {name: v for name, v in states.items() if v is not None})
    return tally.costs()


def _connection(program: Program, projection: Projection) -> Connection:
    """NeuroBench counts layers of the source: no pooling, no reset by a loop, nothing inserted to fit a machine."""
    footprint = -(-projection.weights.size * program.numerics.weight_bits // 8)
    neuron = any(name in program.by_name for name in program.provenance.get(projection.name, ()))
    counted = projection.kind != "sum-pool" and not projection.inserted and not neuron
    return connection(projection.name, projection, program.node(projection.source).shape, footprint, counted)


def _neurons(population: Population) -> Neurons:
    names = {field.name for field in fields(population)} & set(PARAMETERS)
    values = [getattr(population, name) for name in names if population.kind != "relay" or name == "bias"]
    words = sum(np.size(value) for value in values if value is not None)
    return Neurons(population.name, population.size, WORD * words, population.kind == "cuba-lif")
