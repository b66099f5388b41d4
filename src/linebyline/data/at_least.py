"""Sizes that are too small to make data of."""


def at_least(**given: tuple[int, int]) -> None:
    """Refuse a number that is below the least it may be; each argument is (number, least).

    Raises:
        ValueError: one is; the message names the argument.
    """
    for name, (number, least) in given.items():
        if number < least:
            raise ValueError(f"{name} must be at least {least}, not {number}")
