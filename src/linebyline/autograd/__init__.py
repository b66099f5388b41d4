"""Reverse-mode differentiation from scratch: of single numbers, and of NumPy arrays."""
