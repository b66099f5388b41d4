"""Models that make data, or codes from which data can be made again."""
