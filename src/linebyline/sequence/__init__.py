"""Networks that read one step at a time, and carry a state from each step to the next."""
