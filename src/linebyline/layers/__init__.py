"""The parts that networks are built of: one layer, one file."""
