"""A small GPT on real text, and an LSTM with as many operations: how they are made and trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode

from linebyline.data.text import TextSplit, reference_text, windows
from linebyline.language.bits_per_character import bits_per_character
from linebyline.layers.dropout import Dropout
from linebyline.layers.recorded_weights import recorded_weights
from linebyline.layers.self_gated import GELU
from linebyline.optim.clipping import clip_by_norm
from linebyline.optim.lr_schedules import Schedule, cosine_decay, linear_warmup
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.token_model import TokenModel
from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig

Model = GPT | TokenModel
Network = TypeVar("Network", bound=nn.Module)

VOCABULARY = 1024
CONTEXT, BLOCKS, SIZE, HEADS = 64, 3, 128, 4
UNITS = 289
"""Of the LSTM: as many operations for a token as the GPT has, to a hundredth."""

BATCH, WARM_UP = 16, 50
STRIDE = 16
"""A token is judged behind at least `CONTEXT` - `STRIDE` others."""


class Corpus(NamedTuple):
    """The text, and its ids."""

    text: TextSplit
    tokenizer: BPETokenizer
    train: list[int]
    validation: list[int]
    test: list[int]


def corpus(start: int) -> Corpus:
    """Topics drawn by the start, and byte pairs learned from the training text alone."""
    text = reference_text(seed=start)
    tokenizer = BPETokenizer.train([text.train], vocab_size=VOCABULARY)
    return Corpus(text, tokenizer, *map(tokenizer.encode, text))


def gpt(start: int, dropout: float = 0.0) -> GPT:
    """As it begins. The first matrices are wider than 0.02, as √768 is than √`SIZE`.

    So that what they answer is as large as in the network of 768 features, for which 0.02 is meant.
    """
    block = BlockConfig(
        SIZE,
        HEADS,
        4 * SIZE,
        norm_first=True,
        activation=GELU("tanh"),
        dropout=dropout,
        attention_dropout=dropout,
    )
    config = GPTConfig(VOCABULARY, CONTEXT, BLOCKS, block)
    model = GPT(config, generator=torch.Generator().manual_seed(start))
    return widened(model, math.sqrt(768 / SIZE))


@torch.no_grad()
def widened(model: Network, factor: float) -> Network:
    """The same, all its matrices multiplied."""
    for parameter in model.parameters():
        if parameter.ndim == 2:
            parameter.mul_(factor)
    return model


def lstm(start: int, dropout: float = 0.0) -> TokenModel:
    """Its rival; dropout stands before and behind the recurrent layer (Zaremba et al. 2014)."""
    draw = torch.Generator().manual_seed(start)
    model = TokenModel(LSTM(SIZE, UNITS, generator=draw), VOCABULARY, generator=draw)
    model.embedding = nn.Sequential(model.embedding, Dropout(dropout))
    model.output = nn.Sequential(Dropout(dropout), model.output)  # type: ignore[assignment]
    return model


MODELS: Mapping[str, Callable[..., Model]] = {"GPT": gpt, "LSTM": lstm}


def operations(model: Model) -> int:
    """Additions and multiplications of a training step, for each token; those of matrices alone.

    Of the GPT torch counts them, the attention written out. A fused LSTM hides its products from
    torch: each of its weights is used once for a token, two operations forward and four backward.
    """
    if isinstance(model, TokenModel):
        layers = (model.recurrent, model.output)
        return 6 * sum(p.numel() for part in layers for p in part.parameters() if p.ndim == 2)
    ids = torch.zeros(1, CONTEXT, dtype=torch.int64)
    with recorded_weights(model), FlopCounterMode(display=False) as counter:
        cross_entropy(model(ids), ids).backward()
    return counter.get_total_flops() // CONTEXT


def learn(model: Model, ids: Sequence[int], *, rate: float, start: int, steps: int) -> list[float]:
    """Train on windows from anywhere in the text, by Adam, its rate falling to 0 along a cosine.

    Returns:
        The loss of each step. The model is then in evaluation mode.
    """
    draw = torch.Generator().manual_seed(start)
    text = torch.tensor(ids)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.98))
    schedule = Schedule(
        optimizer, lambda n: linear_warmup(n, steps=WARM_UP) * cosine_decay(n, steps=steps)
    )
    losses = []
    model.train()
    with torch.random.fork_rng(devices=[]):  # dropout draws from the global generator
        torch.manual_seed(start)
        for _ in range(steps):
            first = torch.randint(len(text) - CONTEXT, (BATCH, 1), generator=draw)
            piece = text[first + torch.arange(CONTEXT + 1)]
            loss = cross_entropy(model(piece[:, :-1]), piece[:, 1:])
            optimizer.zero_grad()
            loss.backward()
            clip_by_norm(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    model.eval()
    return losses


@torch.no_grad()
def nats(model: Model, ids: Sequence[int]) -> Tensor:
    """-log P of each token but the first, behind `CONTEXT` - `STRIDE` others or more, (tokens,).

    The tokens at the end that are too few for a stride are left out.
    """
    x, y = windows(ids, CONTEXT, stride=STRIDE)
    each = torch.cat(
        [
            cross_entropy(model(some), truth, reduction="none")
            for some, truth in zip(x.split(64), y.split(64), strict=True)
        ]
    )
    return torch.cat([each[0], each[1:, -STRIDE:].flatten()])


@torch.no_grad()
def nats_carried(model: TokenModel, ids: Sequence[int]) -> Tensor:
    """The same for a recurrent network that reads the whole text on, with one state."""
    text = torch.tensor(ids)[None]
    return cross_entropy(model(text[:, :-1]), text[:, 1:], reduction="none")[0]


def bits(each: Tensor, ids: Sequence[int], tokenizer: BPETokenizer) -> float:
    """Bits per character of the tokens behind the first, as many as there are in `each`."""
    characters = len(tokenizer.decode(ids[1 : len(each) + 1]))
    return bits_per_character(each.double().sum().item(), characters=characters)
