"""Programs as C for one instruction set: vectorised updates, and kernels that are chosen by each step's activity.

Reading order: ``program`` (what native code replaces), ``dispatch`` (which kernels a stage uses, and when), ``stage``
(the C functions of a stage), ``update`` and ``expressions`` (neurons as vectors). Then the kernels: ``kernel`` says
what a kernel is, ``kernels`` lists all of them, ``conv_*``, ``matrix_*`` and ``pool_bytes`` are one each,
``cost_model`` compares their times, and ``relay_bytes`` replaces a whole stage. Below lie ``sum_block`` (where sums are
made), ``event_lists``, ``weight_runs``, ``vector_widths``, ``vector_prelude`` and ``intrinsics_*`` (the vector types
and functions of a machine).
"""
