"""The code of *Deep Learning, Line by Line*: one concept, one file."""
