"""Our engine and its peers side by side, interleaved in one run: ``python -m benchmarks``."""
