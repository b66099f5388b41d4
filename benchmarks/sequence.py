"""How long recurrent networks take beside torch's, forward and backward, on both paths.

Ratios are made as in `comparison.py`, torch's time divided by ours. Our `forward` calls the kernel
that torch's module calls, and packs sequences of different lengths as its users do, so all that can
differ is what stands around it; `explicit` takes one step after another, and is shown for what that
costs. Before anything is timed both sides must give the same outputs. Last, a language model of
characters makes steps of training, loss and Adam included, beside the same made of torch's modules.

    python benchmarks/sequence.py [--device cuda] [--repetitions 21]
"""

from collections.abc import Callable, Iterator

import torch
from comparison import Run, compare_all, options, passes, record
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN
from linebyline.sequence.token_model import TokenModel

NAMES = ("gru", "lstm", "recurrent", "rnn", "token_model")
MEASURED = [f"src/linebyline/sequence/{name}.py" for name in NAMES]
PAIRS = {"RNN": (RNN, nn.RNN), "LSTM": (LSTM, nn.LSTM), "GRU": (GRU, nn.GRU)}
SHAPE = (32, 50, 128)
"""Sequences, steps and features, as many as there are hidden units."""

PASSES = 2

VOCABULARY, TEXTS, STEPS, HIDDEN = 96, 32, 64, 128
"""Of the language model: how many tokens there are, and what it reads in a step of training."""


TRAINING = "language model with LSTM, training"


class TorchModel(nn.Module):
    """`TokenModel`, made of torch's modules, with the same names."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 32)
        self.recurrent = nn.LSTM(32, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, VOCABULARY)

    def forward(self, ids: Tensor) -> Tensor:
        """The logits of each next token."""
        return self.output(self.recurrent(self.embedding(ids))[0]).transpose(1, 2)


def training_steps(model: nn.Module, device: str) -> Run:
    """Steps of training: logits, loss, gradients, Adam."""
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(VOCABULARY, (TEXTS, STEPS + 1), generator=generator).to(device)
    optimizer = torch.optim.Adam(model.parameters())

    def run() -> None:
        for _ in range(PASSES):
            optimizer.zero_grad()
            cross_entropy(model(ids[:, :-1]), ids[:, 1:]).backward()
            optimizer.step()

    return run


def packed(module: nn.RNNBase, lengths: Tensor) -> Callable[[Tensor], Tensor]:
    """Torch's module of sequences of different lengths, packed before and padded after."""

    def run(x: Tensor) -> Tensor:
        inputs = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        y, _ = pad_packed_sequence(module(inputs)[0], batch_first=True, total_length=x.shape[1])
        return y

    return run


def paths(
    ours: Recurrent, theirs: nn.RNNBase, lengths: Tensor
) -> Iterator[tuple[str, Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]]:
    """What is compared of one network: a name, ours, torch's."""

    def fused(x: Tensor) -> Tensor:
        return theirs(x)[0]

    yield "forward", lambda x: ours(x)[0], fused
    yield "explicit", lambda x: ours.explicit(x)[0], fused
    both = packed(theirs, lengths)
    yield "forward, lengths", lambda x: ours(x, lengths=lengths)[0], both
    yield "explicit, lengths", lambda x: ours.explicit(x, lengths=lengths)[0], both


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, torch's."""
    batch, time, features = SHAPE
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, time + 1, (batch,), generator=generator)
    x = torch.randn(SHAPE, generator=generator).to(device)
    for kind, (our_class, their_class) in PAIRS.items():
        ours = our_class(features, features, generator=generator).to(device)
        theirs = their_class(features, features, batch_first=True).to(device)
        theirs.load_state_dict(ours.state_dict())
        for name, one, other in paths(ours, theirs, lengths):
            with torch.no_grad():
                torch.testing.assert_close(one(x), other(x), rtol=1e-4, atol=1e-5)
            sides = (passes(run, SHAPE, device, PASSES) for run in (one, other))
            yield f"{kind}, {name}", *sides
    model = TokenModel(LSTM(32, HIDDEN, generator=generator), VOCABULARY, generator=generator)
    peer = TorchModel()
    peer.load_state_dict(model.state_dict())
    ids = torch.randint(VOCABULARY, (TEXTS, STEPS), generator=generator)
    torch.testing.assert_close(model(ids), peer(ids), rtol=1e-4, atol=1e-5)
    steps = (training_steps(each.to(device), device) for each in (model, peer))
    yield TRAINING, *steps


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=21)
    results = compare_all(pairs(asked.device), asked)
    tokens = PASSES * TEXTS * STEPS / results[TRAINING]["ours_ms"] * 1000
    print(f"{tokens:6.0f}  tokens a second, {TRAINING}")
    figures = {
        "setting": f"(batch, time, features = hidden) {SHAPE}, float32, {PASSES} passes",
        "ratio": "torch's time divided by ours",
        "language_model": f"(texts, steps, hidden) {(TEXTS, STEPS, HIDDEN)}, {VOCABULARY} tokens",
        "tokens_per_second": round(tokens),
        "results": results,
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
