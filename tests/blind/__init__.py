"""Faults of machines, written from what real hardware does wrong and without a look at what the product can name."""
