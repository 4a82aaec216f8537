"""From a Network to a Program: the stages of the pipeline, and what they compute with."""
