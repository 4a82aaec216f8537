"""Where neurons and synapses stand: populations cut into blocks, and blocks put on the cores of chips."""
