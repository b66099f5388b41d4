"""Tasks that ask for a memory and for nothing else: add two numbers, or repeat some symbols."""

from __future__ import annotations

import torch
from torch.nn.functional import one_hot

from linebyline.data.at_least import at_least
from linebyline.data.examples import Examples


def adding_problem(count: int, length: int, *, seed: int = 0) -> Examples:
    """A row of random numbers, two of them marked; the answer is the sum of these two.

    Source: Hochreiter & Schmidhuber 1997, *Long short-term memory*, experiment 4, in the form of
    Le, Jaitly & Hinton 2015, *A simple way to initialize recurrent networks of rectified linear
    units*: numbers from [0, 1), marks of 1 beside zeros, and the sum itself as target. (The paper
    of 1997 draws numbers from [-1, 1] and lengths at random, marks the ends by -1, and scales the
    sum.) One mark stands in the first half of the row and one in the second, as in Arjovsky, Shah &
    Bengio 2016, *Unitary evolution recurrent neural networks*; of an odd length the second half is
    the longer.

    Whoever answers 1 without looking has a mean squared error of 1/6, for that is the variance of
    the sum of two such numbers.

    Args:
        count: how many rows.
        length: numbers in a row.
        seed: of the numbers and the marks.

    Returns:
        Inputs (count, length, 2), float32: the number, and 1 where it is marked, else 0. Targets
        (count, 1), float32.

    Raises:
        ValueError: `count` is below 1, or `length` below 2.
    """
    at_least(count=(count, 1), length=(length, 2))
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(count, length, generator=generator)
    half = length // 2
    first = torch.randint(half, (count,), generator=generator)
    second = torch.randint(half, length, (count,), generator=generator)
    marks = torch.zeros(count, length)
    rows = torch.arange(count)
    marks[rows, first] = marks[rows, second] = 1.0
    total = (numbers * marks).sum(1, keepdim=True)
    return Examples(torch.stack([numbers, marks], dim=-1), total)


def copy_task(
    count: int, delay: int, *, symbols: int = 8, length: int = 10, seed: int = 0
) -> Examples:
    """Symbols, a silence, a signal, and then the symbols are to be repeated in their order.

    Source: the copying memory problem of Arjovsky, Shah & Bengio 2016, *Unitary evolution recurrent
    neural networks*, whose T is `delay`: `length` symbols, delay - 1 blanks, the signal, `length`
    blanks. During the last ones the symbols are asked for, each `delay` + `length` steps after it
    was shown; before, the answer is blank. Symbols are numbered from 0, the blank is number
    `symbols`, and the signal comes after it.

    Whoever remembers nothing, but counts, has a mean cross-entropy of length · log(symbols) /
    (delay + 2 · length).

    Args:
        count: how many sequences.
        delay: steps from the last symbol to the signal.
        symbols: how many kinds there are.
        length: how many are to be remembered.
        seed: of the symbols.

    Returns:
        Inputs (count, delay + 2 · length, symbols + 2), float32, one-hot. Targets (count, delay +
        2 · length), int64: the blank, and at the last `length` steps the symbols.

    Raises:
        ValueError: `count`, `delay` or `length` is below 1, or `symbols` below 2.
    """
    at_least(count=(count, 1), delay=(delay, 1), symbols=(symbols, 2), length=(length, 1))
    generator = torch.Generator().manual_seed(seed)
    shown = torch.randint(symbols, (count, length), generator=generator)
    blank, signal = symbols, symbols + 1
    read = torch.full((count, delay + 2 * length), blank)
    answers = read.clone()
    read[:, :length] = answers[:, -length:] = shown
    read[:, length + delay - 1] = signal
    return Examples(one_hot(read, symbols + 2).float(), answers)
