"""Experiments that are too long for a page: a script each, with its stored results beside it."""
