"""What targets that deploy C share: the files, the memory they need and its limits, and how a run is fed and read."""
