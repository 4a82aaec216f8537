"""The engine and its peers side by side, measured in turn in one run: ``python -m benchmarks``.

Reading order: ``run`` (what is measured, in which order), ``cases`` (one workload, run by everybody), ``interleave``
(the rounds), then what is run: ``networks``, ``calibration`` and ``workload``; who runs it: ``engine`` and ``loading``
(ours), ``peers``, ``environments`` and ``workers`` (theirs), ``lava``. Beside the steps: ``costs``, ``scaling``,
``roofline`` with ``operations``. What comes out: ``results``, ``floors``, ``report``. ``encoding`` measures spike
encoders by itself.
"""
