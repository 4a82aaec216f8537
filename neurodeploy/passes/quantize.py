"""Network -> Program: every real number becomes an integer on the machine's grids.

Rules:

1. Each population has one accumulator scale 2**k = weight scale times message scale.
2. k is the largest for which the threshold, the bias, the weights and the worst-case accumulated input all fit. A
   spiking membrane that never decays loses nothing by a smaller one at which no constant is rounded, and saturates
   later: it has the smallest of those.
3. Graded messages are as wide as ``messages`` chooses; relays round half to even to that width.
4. Decays are rounded to the machine's decay grid; their error is reported.
5. A population whose contract names the grid of its state has the scale at which the integer state is that grid: its
   integers are the machine's own already. Whether they can wrap is told by a finding.
6. Fewer than four weight bits left is an error, unless that many were asked for or the weights stay exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import nir
import numpy as np
from numpy.typing import NDArray

from neurodeploy.analysis.ranges import Sent, Shape, message_range, received_sum
from neurodeploy.errors import CannotRepresentError, InputError, RefusedError
from neurodeploy.finding import Finding
from neurodeploy.network.network import Network
from neurodeploy.numerics import LOIHI2, Numerics
from neurodeploy.passes.accuracy import NeuronReport, neuron_report, overflow_findings
from neurodeploy.passes.grid import bits_kept, largest_scale, round_weights, weight_grid
from neurodeploy.passes.messages import FEWEST_WEIGHT_BITS, choose_messages, message_output
from neurodeploy.passes.names import in_order, unique_names
from neurodeploy.passes.neurons import Neuron, fitting_scale, neuron_of
from neurodeploy.passes.resets import reset_at_once
from neurodeploy.passes.synapses import Synapse, synapses
from neurodeploy.passes.values import Values, received_range, sent_values
from neurodeploy.program.population import Input, Output, Population
from neurodeploy.program.program import Program
from neurodeploy.program.projection import Projection

Array = NDArray[np.float64]


@dataclass(frozen=True)
class LayerReport:
    """What quantization did to one projection: bits the weights keep, the largest rounding error, whether exact."""

    projection: str
    source: str
    target: str
    weight_bits: int
    message_bits: int
    scale: int
    shift: int
    exact: bool
    largest_error: float
    worst_case_input: int


Made = list[tuple[Projection, LayerReport]]


@dataclass(frozen=True, eq=False)
class Quantized:
    """The Program, a report per projection and one per population."""

    program: Program
    layers: tuple[LayerReport, ...]
    neurons: tuple[NeuronReport, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What quantization noticed."""
        return overflow_findings(self.neurons)


@dataclass(frozen=True)
class Quantize:
    """The pass. ``weight_bits`` and ``weight_exponent`` (the largest) None: all the machine has.

    ``message_bits``: widest graded message.
    """

    numerics: Numerics = LOIHI2
    weight_bits: int | None = None
    message_bits: int = 8
    weight_exponent: int | None = None

    def __post_init__(self) -> None:
        if self.weight_bits is not None and self.weight_bits < 1:
            raise InputError(f"weights of {self.weight_bits} bits", "weight-bits", "ask for 1 bit or more")
        if self.message_bits < 2:
            raise InputError(f"messages of {self.message_bits} bits", "message-bits", "ask for 2 bits or more")
        if self.numerics.accumulation == "events":
            raise RefusedError(
                f"networks are not quantized to {self.numerics.name}, which saturates after every spike",
                "-O numerics",
                "build the Program of integers directly, or choose other numerics",
            )

    def __call__(self, network: Network) -> Quantized:
        """Raises CannotRepresentError with the numbers, or RefusedError for what integers cannot say."""
        network = reset_at_once(network)
        raw = synapses(network)
        neurons = {name: neuron_of(network, name, raw, self.numerics) for name in network.populations}
        paths = [path.scaled(neurons[path.target].gain, network.shapes[path.target]) for path in raw]
        values = sent_values(network, paths)
        spiking = {name: each.output for name, each in neurons.items() if each.kind == "cuba-lif"}
        ceilings = {name: self._ceiling(network, each, paths, values, spiking) for name, each in neurons.items()}
        inputs = {name: self._input(network, name, values, paths, ceilings) for name in network.input_names}
        graded = [name for name, neuron in neurons.items() if neuron.kind == "relay"]
        outputs = {name: each.output for name, each in inputs.items()}
        outputs |= choose_messages(values, graded, paths, ceilings, self.numerics, self.message_bits)
        outputs |= {name: each.output for name, each in neurons.items() if each.kind != "relay"}
        populations: list[Population] = []
        layers: list[tuple[Projection, LayerReport]] = []
        reports: list[NeuronReport] = []
        for name in network.populations:
            entering = [path for path in paths if path.target == name]
            population, made = self._population(network, neurons[name], entering, outputs, ceilings[name])
            worst = max((report.worst_case_input for _, report in made), default=0)
            populations.append(population)
            reports.append(neuron_report(neurons[name], population, worst, self.numerics))
            layers += made
        names = unique_names([projection for projection, _ in layers], in_order(network, paths))
        projections = [replace(p, name=name) for (p, _), name in zip(layers, names, strict=True)]
        layer_reports = [replace(r, projection=name) for (_, r), name in zip(layers, names, strict=True)]
        provenance = {p.name: path.nodes for p, path in zip(projections, in_order(network, paths), strict=True)}
        program = Program(
            self.numerics,
            tuple(inputs.values()),
            tuple(populations),
            tuple(projections),
            output_nodes(network),
            network.host,
            provenance | {name: (name,) for name in network.populations},
        )
        return Quantized(program, tuple(layer_reports), tuple(reports))

    def _ceiling(
        self,
        network: Network,
        neuron: Neuron,
        paths: Sequence[Synapse],
        values: Mapping[str, Values],
        spiking: Mapping[str, Output],
    ) -> int:
        """The largest scale for which threshold, bias, worst-case input and the weights of spikes fit."""
        entering = [path for path in paths if path.target == neuron.name]
        own = neuron.own_scale(self.numerics)
        if own is not None:
            return fitting_scale(own, neuron, self.numerics)
        low, high = received_range(entering, values, network.shapes[neuron.name])
        worst = float(max(-low.min(initial=0), high.max(initial=0)))
        weights = [self._weight_ceiling(path, spiking[path.source]) for path in entering if path.source in spiking]
        bound = largest_scale(worst, neuron.bound(self.numerics) - 1)
        return min([neuron.largest_scale(worst, self.numerics), bound, *weights])

    def _input(
        self,
        network: Network,
        name: str,
        values: Mapping[str, Values],
        paths: Sequence[Synapse],
        ceilings: Mapping[str, int],
    ) -> Input:
        shape = network.shapes[name]
        if network.input_range(name).binary:
            return Input(name, shape)
        full = message_output(values[name], self.message_bits)
        if values[name].grid != full.scale:
            full = choose_messages(values, [name], paths, ceilings, self.numerics, self.message_bits)[name]
        return Input(name, shape, full.scale, full.width, full.signed)

    def _population(
        self,
        network: Network,
        neuron: Neuron,
        entering: Sequence[Synapse],
        outputs: Mapping[str, Output],
        ceiling: int,
    ) -> tuple[Population, Made]:
        """The population and its projections, at the largest scale whose rounded weights fit."""
        free = neuron.own_scale(self.numerics) is None
        fitting = [self._weight_ceiling(path, outputs[path.source]) for path in entering] if free else []
        scale = min([ceiling, *fitting])
        sent = {
            name: message_range(network.shapes[name], outputs[name], network.contract.of(name).max_spikes_per_step)
            for name in {path.source for path in entering}
        }
        for k in range(scale, scale - 4, -1):
            made = self._projections(entering, k, outputs)
            worst = _worst(made, sent, network.shapes[neuron.name])
            if worst < neuron.bound(self.numerics) or not free:
                if free and neuron.integrates:
                    k, made = self._roomiest(neuron, entering, k, outputs)
                    worst = _worst(made, sent, network.shapes[neuron.name])
                made = [(projection, replace(report, worst_case_input=worst)) for projection, report in made]
                self._check_bits([report for _, report in made], outputs)
                return neuron.population(k, outputs[neuron.name], self.numerics), made
        raise CannotRepresentError(
            "no scale holds its worst-case input", f"node {neuron.name}", "use smaller weights or fewer inputs"
        )

    def _projections(self, entering: Sequence[Synapse], k: int, outputs: Mapping[str, Output]) -> Made:
        return [self._projection(path, k, outputs[path.source]) for path in entering]

    def _roomiest(
        self, neuron: Neuron, entering: Sequence[Synapse], k: int, outputs: Mapping[str, Output]
    ) -> tuple[int, Made]:
        """The smallest scale from 2**0 up to 2**k at which nothing is rounded, else k."""
        made = self._projections(entering, k, outputs)
        while k > 0 and neuron.exact_at(k - 1, self.numerics):
            smaller = self._projections(entering, k - 1, outputs)
            if not all(report.exact for _, report in smaller):
                break
            k, made = k - 1, smaller
        return k, made

    def _bits(self) -> int:
        return min(self.weight_bits or self.numerics.weight_bits, self.numerics.weight_bits)

    def _weight_ceiling(self, path: Synapse, source: Output) -> int:
        """The largest accumulator scale at which the path's weights fit their grid with the largest shift."""
        grid = weight_grid(path.weights, self.numerics, self._bits())
        largest = float(np.abs(path.weights).max(initial=0))
        return largest_scale(largest, float(grid.largest)) + source.scale + self._largest_shift(path)

    def _largest_shift(self, path: Synapse) -> int:
        windowed = path.kind not in ("dense", "sparse")
        most = 0 if windowed and not self.numerics.conv_shift else self.numerics.shift_max
        return most if self.weight_exponent is None else min(most, self.weight_exponent)

    def _projection(self, path: Synapse, k: int, source: Output) -> tuple[Projection, LayerReport]:
        if path.delay > self.numerics.delay_max:
            raise CannotRepresentError(
                f"a delay of {path.delay} steps; {self.numerics.name} has at most {self.numerics.delay_max}",
                f"projection {path.source}->{path.target}",
                "shorten it (recurrent_delay, or the Delay node)",
                value=float(path.delay),
                limit=float(self.numerics.delay_max),
            )
        grid = weight_grid(path.weights, self.numerics, self._bits())
        largest = float(np.abs(path.weights).max(initial=0))
        fit = k - source.scale - largest_scale(largest, float(grid.largest))
        shift = max(0, min(fit, self._largest_shift(path))) if largest else 0
        scale = k - source.scale - shift
        grid = weight_grid(path.weights, self.numerics, self._bits(), max(0, -fit))
        integers = round_weights(path.weights, scale, grid)
        error = float(np.abs(integers * 2.0**-scale - path.weights).max(initial=0))
        bits = source.width if source.kind != "binary" else 1
        name = f"{path.source}->{path.target}" if not path.nodes else path.nodes[-1]
        projection = Projection(
            name, path.source, path.target, path.kind, integers, shift, path.delay, bits,
            path.stride, path.padding, path.dilation, path.groups,
        )  # fmt: skip
        kept = bits_kept(integers, grid)
        return projection, LayerReport(name, path.source, path.target, kept, bits, k, shift, error == 0, error, 0)

    def _check_bits(self, reports: Sequence[LayerReport], outputs: Mapping[str, Output]) -> None:
        fewest = min(FEWEST_WEIGHT_BITS, self._bits())
        for report in reports:
            if report.weight_bits < fewest and not report.exact:
                raise CannotRepresentError(
                    f"only {report.weight_bits} weight bits are left beside {report.message_bits} message bits "
                    f"(accumulator scale 2^{report.scale}, worst-case input {report.worst_case_input})",
                    f"projection {report.projection} into {report.target}",
                    f"fewer or smaller inputs, {_narrower([outputs[each.source] for each in reports])}, "
                    f"or accept it with -O weight-bits={max(report.weight_bits, 1)}",
                    value=float(report.weight_bits),
                    limit=float(fewest),
                )


def _narrower(sent: Sequence[Output]) -> str:
    if any(each.kind == "count" for each in sent):
        return "fewer spikes per step (max_spikes_per_step; in sinabs spike_fn=MaxSpike(...) or SingleSpike)"
    return "narrower messages (-O message-bits=...)"


def _worst(made: Made, sent: Mapping[str, Sent], shape: Shape) -> int:
    """The largest magnitude that can arrive over the projections in one step, in accumulator units."""
    low, high = received_sum([projection for projection, _ in made], sent, shape)
    return int(max(-low.min(initial=0), high.max(initial=0)))


def output_nodes(network: Network) -> tuple[str, ...]:
    """Populations that feed the Output nodes. Raises RefusedError where something else does."""
    ends = [name for name in network.order if isinstance(network.nodes[name], nir.Output)]
    feeding = [source for name in ends for source in network.sources(name)]
    strange = [name for name in feeding if name not in network.populations]
    if strange:
        raise RefusedError(
            f"the output comes from {strange[0]} ({type(network.nodes[strange[0]]).__name__}), which is no neuron",
            "network",
            "end the network with a neuron: LI reads a membrane out, a Scale of ones reads a sum out",
        )
    return tuple(dict.fromkeys(feeding))
