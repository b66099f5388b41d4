"""How a network is made better: one update rule, one file, and what governs its steps."""
