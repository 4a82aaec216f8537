"""What quantization costs every population, term by term, and what no rounding can have done.

Read ``counterpart`` (a population beside what the network has in its place), ``limits`` (how far rounding may move a
constant), ``bound`` (how far it may move a membrane in one step), ``variants`` and ``costs`` (the population run again
with one term at its float value), and ``losses`` (the values that a report shows).
"""
