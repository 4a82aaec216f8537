"""lava-dl's ``.net`` files: HDF5 as SLAYER's ``export_hdf5`` writes it and ``netx`` reads it, lava-dl 0.6.0."""
