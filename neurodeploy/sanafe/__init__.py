"""Energy and time of a placed run, estimated by the simulator SANA-FE, which runs in an environment of its own."""
