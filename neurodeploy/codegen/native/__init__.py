"""Programs as C for one instruction set: vector updates, and kernels that adapt to activity."""
