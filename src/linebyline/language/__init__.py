"""Models of language, and what their figures are compared with."""
