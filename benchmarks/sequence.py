"""How long recurrent networks take beside torch's, forward and backward, on both paths.

Ratios are made as in `comparison.py`, torch's time divided by ours. Our `forward` calls the kernel
that torch's module calls, and packs sequences of different lengths as its users do, so all that can
differ is what stands around it; `explicit` takes one step after another, and is shown for what that
costs. Before anything is timed both sides must give the same outputs.

    python benchmarks/sequence.py [--device cuda] [--repetitions 21]
"""

from collections.abc import Callable, Iterator

import torch
from comparison import Run, compare_all, options, passes, record
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN

MEASURED = [f"src/linebyline/sequence/{name}.py" for name in ("gru", "lstm", "recurrent", "rnn")]
PAIRS = {"RNN": (RNN, nn.RNN), "LSTM": (LSTM, nn.LSTM), "GRU": (GRU, nn.GRU)}
SHAPE = (32, 50, 128)
"""Sequences, steps and features, as many as there are hidden units."""

PASSES = 2


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


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=21)
    figures = {
        "setting": f"(batch, time, features = hidden) {SHAPE}, float32, {PASSES} passes",
        "ratio": "torch's time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
