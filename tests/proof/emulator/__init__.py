"""Compiled programs on a processor that this computer need not have: Bochs emulates it, without an operating system."""
