"""The training loop, what it records, and how a model is judged."""
