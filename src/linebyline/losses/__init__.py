"""What a network is asked to make small: one loss, one file."""
