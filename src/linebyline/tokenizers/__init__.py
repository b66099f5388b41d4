"""Tokenizers: text as a sequence of whole numbers, and back."""
