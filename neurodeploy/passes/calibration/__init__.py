"""Calibrated rounding: weights, bias, threshold and unit of each row, chosen for the membranes they make.

Read ``features`` (what a membrane is made of), ``fan_in`` (which steps of which samples are looked at), ``rounding``
(weights that make up for each other's errors), ``rows`` (the choice for one row) and ``populations`` (the order of
work).
"""
