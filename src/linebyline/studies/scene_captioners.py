"""Captioners of scenes: those that look, and those that get one vector for all.

This writes `scene_captioners.json` beside the file::

    python -m linebyline.studies.scene_captioners

Scenes of one or two digits become grids of 6 x 6 places by the stored networks of
`linebyline.studies.scene_vision`; beside the features of a place stand its two coordinates. All
captioners have the same decoder, that of Xu et al. 2015, the same scenes, steps and batches.
"looks" is shown all places, "mean" only their mean, and "flat" what one linear map makes of all
their numbers. Each chooses its rate on draws of its own.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from linebyline.data.examples import Examples
from linebyline.data.mnist import mnist_5k
from linebyline.data.scene_captions import (
    COLOR_WORDS,
    Caption,
    Named,
    named_words,
    scene_captions,
)
from linebyline.data.scenes import Scenes, digit_scenes
from linebyline.data.token_pairs import BEGIN, END, Vocabulary, shifted
from linebyline.decoding.greedy import greedy
from linebyline.layers.linear import Linear
from linebyline.layers.steered_attention import SteeredAttention
from linebyline.sequence.attention_decoder import BahdanauDecoder
from linebyline.sequence.captioning import Captioner, CaptionLoss, pack
from linebyline.sequence.lstm import LSTM
from linebyline.studies import record
from linebyline.studies.scene_vision import ROWS, SIDE, WIDTHS, trained
from linebyline.tokenizers.word import WordTokenizer
from linebyline.training.loop import fit
from linebyline.training.pointing import pointing

FEATURES = WIDTHS[-1] + 2
SPREAD = {"near": 2.0, "far": 1.0}  # about the standard deviation of the features
REACH = 3.0  # coordinates go from -REACH to REACH
LONGEST = {"en": 9, "ko": 6}  # tokens of a caption of two digits, with its end
MOST, SCENES, TESTED = 2, 3000, 1000
HIDDEN, WORDS, SCORES = 64, 32, 32
EPOCHS, BATCH_SIZE, CLIP = 10, 100, 1.0

KINDS = ("looks", "mean", "flat")
RATES = (0.0025, 0.005, 0.01, 0.02, 0.04, 0.08)
PENALTIES = (0.0, 0.003, 0.01, 0.03, 0.1)
TUNED_ON = (100, 101)
DRAWS = (102, 103)


class Seen(NamedTuple):
    """Scenes, and all that is made of them."""

    scenes: Scenes
    captions: list[Caption]
    named: Named
    grids: Float[Tensor, "scenes features rows columns"]
    read: Int[Tensor, "scenes time"]
    """What the decoder reads."""
    said: Int[Tensor, "scenes time"]
    """What it should say."""

    @property
    def examples(self) -> Examples:
        """As `fit` takes them."""
        return Examples(pack(self.grids, self.read), self.said)


def vocabulary(language: str) -> Vocabulary:
    """All words of the captions."""
    lies = {"en": ["a", "above", "below", "left", "of"], "ko": ["아래에", "왼쪽에", "위에"]}
    numbers = [str(digit) for digit in range(10)]
    return Vocabulary(WordTokenizer([*COLOR_WORDS[language], *lies[language], *numbers]))


@torch.no_grad()
def see(
    digits: Examples, count: int, *, seed: int, language: str = "en", encoder: str = "near"
) -> Seen:
    """Draw scenes, look at them, and tell them."""
    scenes = digit_scenes(digits, count=count, side=SIDE, most=MOST, seed=seed)
    network = trained(encoder)
    grid = torch.cat([network(x).contiguous() for x in scenes.images.split(250)])
    line = torch.linspace(-REACH, REACH, ROWS)
    places = torch.stack(torch.meshgrid(line, line, indexing="xy"))  # x, then y
    grids = torch.cat([grid / SPREAD[encoder], places.expand(count, -1, -1, -1)], dim=1)
    captions = scene_captions(scenes, language=language)
    rows = [vocabulary(language).encode(caption.text) for caption in captions]
    read, said = shifted(rows, time=LONGEST[language])
    return Seen(scenes, captions, named_words(captions), grids, read, said)


def captioner(kind: str, language: str, seed: int) -> Captioner:
    """Untrained; `kind` is one of `KINDS`."""
    draw = torch.Generator().manual_seed(seed)
    size = len(vocabulary(language))
    recurrent = LSTM(WORDS + FEATURES, HIDDEN, generator=draw)
    decoder = BahdanauDecoder(
        recurrent, size, FEATURES, attention_size=SCORES, gated=True, generator=draw
    )
    encoder: nn.Module = nn.Identity()
    if kind == "mean":
        encoder = nn.AdaptiveAvgPool2d(1)
    elif kind == "flat":
        flat = Linear(FEATURES * ROWS * ROWS, FEATURES, generator=draw)
        encoder = nn.Sequential(nn.Flatten(), flat, nn.Unflatten(1, (FEATURES, 1, 1)))
    elif kind != "looks":
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, not {kind!r}")
    return Captioner(encoder, decoder, (FEATURES, ROWS, ROWS), generator=draw)


def learn(
    model: Captioner,
    seen: Seen,
    *,
    rate: float,
    penalty: float = 0.0,
    epochs: int = EPOCHS,
    seed: int = 0,
) -> Captioner:
    """Adam with clipped gradients, and a rate that falls linearly to 0."""
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    steps = epochs * -(-len(seen.grids) // BATCH_SIZE)
    falling = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)

    def clip(*_: Any) -> None:
        clip_grad_norm_(model.parameters(), CLIP)

    optimizer.register_step_pre_hook(clip)
    optimizer.register_step_post_hook(lambda *_: falling.step())
    fit(
        model,
        CaptionLoss(penalty),
        optimizer,
        seen.examples,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        device="cpu",
        seed=seed,
    )
    return model.eval()


def written(model: Captioner, seen: Seen, language: str) -> list[str]:
    """What it says of each scene by itself, always the most probable word."""
    first = torch.full((len(seen.grids),), BEGIN)
    with torch.no_grad():
        state = model.begin(seen.grids)
    tokens = greedy(model.step, first, state, end=END, max_length=LONGEST[language]).tokens
    return [vocabulary(language).decode(row) for row in tokens]


def right(texts: list[str], seen: Seen) -> Float[Tensor, " two"]:
    """The share of captions without a wrong word, for scenes of one digit and of two."""
    same = [text == caption.text for text, caption in zip(texts, seen.captions, strict=True)]
    exact, count = torch.tensor(same).double(), (seen.scenes.classes >= 0).sum(1)
    return torch.stack([exact[count == digits].mean() for digits in (1, 2)])


@torch.no_grad()
def looks(model: Captioner, seen: Seen) -> Float[Tensor, "scenes time places"]:
    """Where it looks while it is told the true captions."""
    weights = model.write(seen.grids, seen.read).weights
    assert weights is not None
    return weights


def hit_shares(weights: Float[Tensor, "scenes time places"], seen: Seen) -> dict[str, float]:
    """Hits of the words for colours and of those for digits, and the weight in their boxes."""
    scene, step, place, is_color, _ = seen.named
    found = pointing(
        weights[scene, step].unflatten(1, (ROWS, ROWS)),
        seen.scenes.boxes[scene, place],
        (SIDE, SIDE),
    )
    mean = {"color": is_color, "digit": ~is_color}
    shares = {f"{name}_hits": found.hits[of].double().mean().item() for name, of in mean.items()}
    return shares | {
        f"{name}_inside": found.inside[of].double().mean().item() for name, of in mean.items()
    }


@torch.no_grad()
def steered(
    model: Captioner,
    seen: Seen,
    given: Float[Tensor, "scenes time places"],
    told: Bool[Tensor, "scenes time"],
) -> Int[Tensor, "scenes time"]:
    """Its most probable words, if it looks as given where it is told; it is free afterwards."""
    own = model.decoder.attention
    model.decoder.attention = SteeredAttention(own)
    model.decoder.attention.steer(given, told)
    words = model.write(seen.grids, seen.read).logits.argmax(1)
    model.decoder.attention = own
    return words


@torch.no_grad()
def turn(
    model: Captioner, seen: Seen, columns: tuple[int, ...], to: str = "other"
) -> tuple[Float[Tensor, " four"], Float[Tensor, " four"]]:
    """Turn the looks of some words elsewhere, and see which words change.

    In scenes of two digits, which differ in colour and class, four words name: colour and digit of
    the one, colour and digit of the other, columns 0 to 3. The true caption is read all the while.

    Args:
        model: its attention is steered, and free again afterwards.
        seen: the scenes.
        columns: whose looks are turned.
        to: "other" exchanges looks with the word that names the same of the other digit, 0 with 2
            and 1 with 3; "all" is a look at all places alike.

    Returns:
        For each column the share of words that are right, and of those that are the other digit's.
    """
    scene, step = seen.named.captions, seen.named.steps
    both = (seen.scenes.classes >= 0).sum(1)[scene] == 2
    row, at = scene[both][::4], step[both].reshape(-1, 4)
    words = seen.said[row[:, None], at]
    differ = (words[:, 0] != words[:, 2]) & (words[:, 1] != words[:, 3])
    row, at, words = row[differ, None], at[differ], words[differ]  # (n, 1), (n, 4), (n, 4)
    weights, of = looks(model, seen), list(columns)
    given, told = weights.clone(), torch.zeros(weights.shape[:2], dtype=torch.bool)
    others = weights[row, at[:, [(column + 2) % 4 for column in of]]]
    given[row, at[:, of]] = others if to == "other" else torch.full_like(others, 1 / ROWS**2)
    told[row, at[:, of]] = True
    answers = steered(model, seen, given, told)[row, at]
    stay, go = answers == words, answers == words[:, [2, 3, 0, 1]]
    return stay.double().mean(0), go.double().mean(0)


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose each kind's rate on some draws; judge on others, there with all penalties."""
    digits = mnist_5k(seed=0)
    data = {
        seed: (
            see(digits.train, SCENES, seed=2 * seed),
            see(digits.test, TESTED, seed=2 * seed + 1),
        )
        for seed in (*TUNED_ON, *DRAWS)
    }

    def run(kind: str, seed: int, rate: float, penalty: float = 0.0) -> tuple[Captioner, list]:
        learned, unseen = data[seed]
        model = captioner(kind, "en", seed)
        learn(model, learned, rate=rate, penalty=penalty, seed=seed)
        shares = right(written(model, unseen, "en"), unseen)
        return model, [round(share, 4) for share in shares.tolist()]

    kinds: dict[str, Any] = {}
    for kind in KINDS:
        tried = [[run(kind, seed, rate)[1] for seed in TUNED_ON] for rate in RATES]
        means = [torch.tensor(shares).mean().item() for shares in tried]
        best = RATES[means.index(max(means))]
        kinds[kind] = {
            "tried": [round(mean, 4) for mean in means],
            "rate": best,
            "right": [run(kind, seed, best)[1] for seed in DRAWS],
        }
    penalties: dict[str, Any] = {}
    for penalty in PENALTIES:
        rows = []
        for seed in DRAWS:
            model, shares = run("looks", seed, kinds["looks"]["rate"], penalty)
            weights = looks(model, data[seed][1])
            rows.append(
                {"right": shares}
                | {k: round(v, 4) for k, v in hit_shares(weights, data[seed][1]).items()}
            )
        penalties[str(penalty)] = rows
    return {
        "settings": {"rates": RATES, "penalties": PENALTIES, "tuned_on": TUNED_ON, "draws": DRAWS}
        | {"scenes": SCENES, "epochs": EPOCHS, "batch_size": BATCH_SIZE, "kinds": KINDS},
        "kinds": kinds,
        "penalties": penalties,
    }


if __name__ == "__main__":
    record.run_and_store(__file__, study)
