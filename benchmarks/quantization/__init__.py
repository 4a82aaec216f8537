"""How many spikes quantization keeps: our rules beside those of the peers, on trained networks, at 8 to 2 bits."""
