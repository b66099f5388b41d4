"""A task of looks: names with a digit each, and then which digit was whose."""

from __future__ import annotations

import torch
from torch.nn.functional import one_hot

from linebyline.data.at_least import at_least
from linebyline.data.examples import Examples


def associative_recall(
    count: int,
    facts: int,
    *,
    names: int = 32,
    digits: int = 10,
    asked: int = 1,
    seed: int = 0,
) -> Examples:
    """Names with a digit each, and then the names again, in another order: which digit was it?

    Source: multi-query associative recall of Arora et al. 2024, *Zoology: measuring and improving
    recall in efficient language models*. Deviations: a name and its digit stand at one place, not
    at two in a row, so that nothing depends on the order; and each name is asked once.

    With `asked` = 2 each question has two names, and the digits of both are wanted: its first name
    is in the first block of features, where the facts have theirs, the second in a block of its
    own. Each fact is then asked for once as the first and once as the second, never with itself.

    Names, digits and orders are drawn evenly: whoever guesses is right once in `digits` times, and
    neither a name nor a place tells a digit.

    Args:
        count: how many sequences.
        facts: names in a sequence, all different; there are as many questions.
        names: how many names there are.
        digits: how many digits there are.
        asked: names in a question.
        seed: of names, digits and the order of the questions.

    Returns:
        Inputs (count, 2 · facts, asked · names + digits), float32, with a 1 for each name and for
        the digit; a question has no digit. Targets (count, facts, asked), int64.

    Raises:
        ValueError: `count`, `facts` or `asked` is below 1, `digits` is below 2, there are fewer
            names than facts, or fewer facts than a question has names.
    """
    at_least(count=(count, 1), asked=(asked, 1), digits=(digits, 2))
    at_least(facts=(facts, asked), names=(names, facts))
    generator = torch.Generator().manual_seed(seed)
    who = torch.rand(count, names, generator=generator).argsort(1)[:, :facts]
    what = torch.randint(digits, (count, facts), generator=generator)
    first = torch.rand(count, facts, generator=generator).argsort(1)  # the order of the questions
    inputs = torch.zeros(count, 2 * facts, asked * names + digits)
    inputs[:, :facts, :names] = one_hot(who, names).float()
    inputs[:, :facts, asked * names :] = one_hot(what, digits).float()
    targets = []
    for block in range(asked):
        fact = first.roll(-block, 1)
        start = block * names
        inputs[:, facts:, start : start + names] = one_hot(who.gather(1, fact), names).float()
        targets.append(what.gather(1, fact))
    return Examples(inputs, torch.stack(targets, dim=-1))
