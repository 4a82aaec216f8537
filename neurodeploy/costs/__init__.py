"""What a network and a run of it cost: counts under the names and definitions of NeuroBench."""
