"""Networks that learn from data without labels, and how what they learned is judged."""
