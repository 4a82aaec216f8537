"""What one step of a Program does, as data: everything that renders or interprets a step reads this description.

Reading order: ``value`` (scalar operations whose results have proven ranges), ``neuron`` (what a population does with
its accumulated input), ``arrival`` (how messages become that input), ``plan`` (all populations of a Program, in order).

The meaning is that of ``neurodeploy.reference``, which nothing here imports. ``neurodeploy.codegen`` renders a plan as
C; ``neurodeploy.streams`` makes encoders of the same values.
"""
