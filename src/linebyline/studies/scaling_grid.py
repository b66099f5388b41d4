"""What GPTs of several sizes have learned after so many tokens: the grid that a law is fitted to.

This writes `scaling_grid.json` beside the file::

    python -m linebyline.studies.scaling_grid

GPTs of two blocks and of widths from 8 to 64 read articles of an encyclopedia, once, in 512 tokens,
and are judged by other paragraphs. For each width there is one run, at a constant rate after a
short warm-up. Where a quarter of the steps to an amount of data is left, a copy leaves the run and
cools down: its rate falls in a line to 0 (Hägele et al. 2024). So each cell of the grid has a
schedule of its own length, for little more than the price of the longest. Beside it stands the loss
on the way, of the run that was not cooled. The rate is chosen for two widths by whole runs, on
another start; for the others it follows the power law through these two. Last come runs that the
fit does not see: a larger width, more data, and three ways to spend one budget.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from math import log
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor, nn

from linebyline.data.encyclopedia import encyclopedia, split_paragraphs
from linebyline.layers.self_gated import GELU
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.studies import record
from linebyline.studies.small_gpt import widened
from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig

Windows = Int[Tensor, "windows time"]

VOCABULARY, CONTEXT, BLOCKS = 512, 64, 2
BATCH_SIZE, WARM_UP, COOLED = 4, 16, 0.25
PER_STEP = BATCH_SIZE * CONTEXT
WIDTHS = (8, 16, 24, 32, 48, 64)
TOKENS = tuple(256 * round(2 ** (half / 2) / 256) for half in range(34, 38))
"""From 2¹⁷ on, each √2 times the one before, in whole steps."""
RATES = {8: (0.02, 0.04, 0.08), 64: (0.0025, 0.005, 0.01)}
TUNED_TOKENS = 2**17
TUNED_ON, START = 100, 101
UNSEEN = {48: (), 64: (2**19,), 96: (2**18, 2**19)}
BUDGET = 2e11


class Windowed(NamedTuple):
    """Windows of `CONTEXT` tokens and the one behind each."""

    train: Windows
    test: Windows


def texts() -> Windowed:
    """The articles, a tenth of their paragraphs to judge by; no target stands in two windows."""
    split = split_paragraphs(encyclopedia(), test_share=0.1)
    train, test = ("\n".join(paragraph.text for paragraph in part) for part in split)
    tokenizer = BPETokenizer.train([train[:600_000]], vocab_size=VOCABULARY)
    cut = [
        torch.tensor(tokenizer.encode(text)).unfold(0, CONTEXT + 1, CONTEXT)
        for text in (train, test)
    ]
    judged = torch.randperm(len(cut[1]), generator=torch.Generator().manual_seed(0))[:400]
    return Windowed(cut[0].clone(), cut[1][judged])


def gpt(width: int, seed: int) -> GPT:
    """A GPT with heads of at most 16 features, turned by their positions.

    All matrices are drawn with 1/√width in the place of GPT-2's 0.02, which is meant for widths
    near 2500: narrow networks that start so small need longer to learn what follows what.
    """
    heads = max(1, width // 16)
    block = BlockConfig(
        width, heads, 4 * width, norm_first=True, activation=GELU("tanh"), dropout=0.0, rotary=True
    )
    config = GPTConfig(VOCABULARY, CONTEXT, BLOCKS, block)
    model = GPT(config, generator=torch.Generator().manual_seed(seed))
    return widened(model, width**-0.5 / 0.02)


def size(model: nn.Module, *, embedding: bool = True) -> int:
    """N, with the embedding, which is the last layer too, or without."""
    count = sum(weight.numel() for weight in model.parameters())
    return count if embedding else count - model.get_parameter("token.weight").numel()


@torch.no_grad()
def judge(model: GPT, windows: Windows) -> float:
    """The mean cross-entropy of all tokens, in nats."""
    losses = [
        cross_entropy(model(part[:, :-1]), part[:, 1:]).item() * len(part)
        for part in windows.split(50)
    ]
    return sum(losses) / len(windows)


class Losses(NamedTuple):
    """Of one amount of data."""

    cooled: float
    on_the_way: float


def learn(
    width: int, texts: Windowed, tokens: Sequence[int], *, rate: float, seed: int
) -> dict[int, Losses]:
    """One run at a constant rate, with a branch for each amount of data that cools down.

    Branch and run read the same windows, in the order of the seed; none is read twice.

    Raises:
        ValueError: there are not so many tokens.
    """
    most = len(texts.train) * CONTEXT
    if max(tokens) > most:
        raise ValueError(f"tokens must be at most {most}, not {max(tokens)}")
    order = torch.randperm(len(texts.train), generator=torch.Generator().manual_seed(seed))
    model = gpt(width, seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), betas=(0.9, 0.99), weight_decay=0.0, fused=True
    )

    def step(model: GPT, optimizer: torch.optim.Optimizer, number: int, share: float) -> None:
        windows = texts.train[order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]]
        optimizer.param_groups[0]["lr"] = rate * share
        optimizer.zero_grad()
        cross_entropy(model(windows[:, :-1]), windows[:, 1:]).backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    done = 0

    def run_to(end: int) -> None:
        nonlocal done
        while done < end:
            step(model, optimizer, done, min(1, (done + 1) / WARM_UP))
            done += 1

    # In the order of what happens: a long branch may leave before a short one has ended.
    ends = [amount // PER_STEP for amount in tokens]
    events = [(end - round(COOLED * end), "leave", end) for end in ends]
    events += [(end, "judge", end) for end in ends]
    cooled, on_the_way = {}, {}
    for at, what, end in sorted(events):
        run_to(at)
        if what == "judge":
            on_the_way[end] = judge(model, texts.test)
            continue
        branch, own = copy.deepcopy((model, optimizer))
        for number in range(at, end):
            step(branch, own, number, (end - number) / (end - at))
        cooled[end] = judge(branch, texts.test)
    return {
        amount: Losses(cooled[end], on_the_way[end])
        for amount, end in zip(tokens, ends, strict=True)
    }


def whole_steps(tokens: float) -> int:
    """So many tokens, down to a whole number of steps."""
    return int(tokens // PER_STEP) * PER_STEP


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def best_rates(tried: Mapping[Any, Mapping[str, Sequence[float]]]) -> dict[int, float]:
    """By width, the rate that left the least loss."""
    return {
        int(width): row["rates"][row["losses"].index(min(row["losses"]))]
        for width, row in tried.items()
    }


def rate_for(width: int, best: Mapping[int, float]) -> float:
    """The rate on the power law through the best ones of two widths."""
    (narrow, high), (wide, low) = sorted(best.items())
    return high * (width / narrow) ** (log(low / high) / log(wide / narrow))


def study() -> dict[str, Any]:
    """Choose rates, run the grid, and then what the fit will not see."""
    data = texts()
    tried = {}
    for width, row in RATES.items():
        ends = [
            learn(width, data, [TUNED_TOKENS], rate=rate, seed=TUNED_ON)[TUNED_TOKENS].cooled
            for rate in row
        ]
        tried[width] = {"rates": row, "losses": [round(end, 4) for end in ends]}
    best = best_rates(tried)
    runs = []
    for width in sorted({*WIDTHS, *UNSEEN}):
        n = size(gpt(width, START))
        tokens = [*TOKENS] if width in WIDTHS else []
        unseen = [*UNSEEN.get(width, ())]
        if width in UNSEEN:
            unseen.append(whole_steps(BUDGET / 6 / n))
        rate = rate_for(width, best)
        found = learn(width, data, sorted({*tokens, *unseen}), rate=rate, seed=START)
        runs += [
            {
                "width": width,
                "parameters": n,
                "without_embedding": size(gpt(width, START), embedding=False),
                "rate": round(rate, 6),
                "tokens": amount,
                "cooled": round(losses.cooled, 4),
                "on_the_way": round(losses.on_the_way, 4),
                "fitted": amount in tokens,
            }
            for amount, losses in found.items()
        ]
    return {
        "settings": {"widths": WIDTHS, "tokens": TOKENS, "tuned_tokens": TUNED_TOKENS}
        | {"tuned_on": TUNED_ON, "start": START, "budget": BUDGET},
        "tried": tried,
        "runs": runs,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
