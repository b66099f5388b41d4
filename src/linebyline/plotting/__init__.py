"""The look of the whole book: figures on a transparent ground, legible by day and by night."""
