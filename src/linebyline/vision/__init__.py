"""Networks that look at images, and what their answers are compared with."""
