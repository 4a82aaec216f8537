"""What one step of a Program does, as data: values, neurons, what arrives, and the plan of populations."""
