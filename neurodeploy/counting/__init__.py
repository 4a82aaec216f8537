"""What is counted of every cell of a run, by compiled kernels; numpy stays the definition of each count.

- ``source``: the kernels in C. ``kernels``: compiled, loaded once, and called with arrays.
- ``lying``: arrays in the order in which they lie in memory.
"""
