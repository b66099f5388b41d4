"""The stored study is the one that the script makes: its cheapest run is made once more."""

from math import log

import pytest
import torch

from linebyline.studies.scaling_grid import (
    BUDGET,
    CONTEXT,
    PER_STEP,
    RATES,
    START,
    TOKENS,
    TUNED_ON,
    TUNED_TOKENS,
    UNSEEN,
    WIDTHS,
    Windowed,
    best_rates,
    gpt,
    judge,
    learn,
    rate_for,
    size,
    texts,
    whole_steps,
)


@pytest.fixture(scope="module")
def data() -> Windowed:
    return texts()


@pytest.fixture(scope="module")
def few() -> Windowed:
    ids = torch.randint(40, (400, CONTEXT + 1), generator=torch.Generator().manual_seed(0))
    return Windowed(ids % 7, ids[:20] % 7)


def test_the_cheapest_cell_ends_as_stored(stored, data):
    row = stored["runs"][0]
    assert (row["width"], row["tokens"]) == (WIDTHS[0], TOKENS[0])
    rate = rate_for(WIDTHS[0], best_rates(stored["tried"]))
    found = learn(WIDTHS[0], data, TOKENS[:1], rate=rate, seed=START)[TOKENS[0]]
    assert found.cooled == pytest.approx(row["cooled"], abs=0.05)  # rounding differs by processor
    assert found.on_the_way == pytest.approx(row["on_the_way"], abs=0.05)


def test_the_stored_settings_are_the_scripts(stored):
    assert stored["settings"] == {
        "widths": [*WIDTHS],
        "tokens": [*TOKENS],
        "tuned_tokens": TUNED_TOKENS,
        "tuned_on": TUNED_ON,
        "start": START,
        "budget": BUDGET,
    }
    assert {int(w): tuple(row["rates"]) for w, row in stored["tried"].items()} == RATES
    fitted = [(r["width"], r["tokens"]) for r in stored["runs"] if r["fitted"]]
    assert fitted == [(width, tokens) for width in WIDTHS for tokens in TOKENS]
    for row in stored["runs"]:
        model = gpt(row["width"], START)
        assert row["parameters"] == size(model)
        assert row["without_embedding"] == size(model, embedding=False)
        assert row["tokens"] % PER_STEP == 0
    spent = [
        6 * r["parameters"] * r["tokens"]
        for r in stored["runs"]
        if not r["fitted"] and r["tokens"] not in UNSEEN[r["width"]]
    ]
    assert len(spent) == len(UNSEEN)
    assert all(0.99 * BUDGET < each <= BUDGET for each in spent)


def test_the_rates_are_the_best_of_those_tried_and_no_end(stored):
    for width, rate in best_rates(stored["tried"]).items():
        assert rate in RATES[width][1:-1]
    assert rate_for(8, {8: 0.04, 64: 0.005}) == pytest.approx(0.04)
    assert rate_for(16, {8: 0.04, 64: 0.005}) == pytest.approx(0.02)
    assert rate_for(96, {8: 0.04, 64: 0.005}) == pytest.approx(0.04 / 12)


def test_texts_are_windows_of_which_none_overlap(data):
    for part in data:
        assert part.shape[1] == CONTEXT + 1
        assert part.min() >= 0
        assert part.max() < 512
    assert data.train[0, -1] == data.train[1, 0]
    assert len(data.train) * CONTEXT > TOKENS[-1]


def test_matrices_start_at_the_root_of_the_width():
    for width in (8, 64):
        model = gpt(width, 0)
        assert model.token.weight.std().item() == pytest.approx(width**-0.5, rel=0.05)
        assert model.blocks[0].norm_first
        assert gpt(width, 1).token.weight.ne(model.token.weight).any()
        assert size(model) - size(model, embedding=False) == 512 * width


def test_a_run_learns_and_is_as_long_as_told(few):
    first = judge(gpt(8, 3), few.test)
    found = learn(8, few, [64 * PER_STEP, 100 * PER_STEP], rate=0.02, seed=3)
    assert [*found] == [64 * PER_STEP, 100 * PER_STEP]
    assert first > 2 * log(7)  # seven ids, none more likely than another
    assert found[64 * PER_STEP].cooled == pytest.approx(log(7), abs=0.05)
    alone = learn(8, few, [64 * PER_STEP], rate=0.02, seed=3)
    assert alone[64 * PER_STEP] == found[64 * PER_STEP]  # the branches leave the run alone
    with pytest.raises(ValueError, match=r"tokens must be at most 25600, not 25856"):
        learn(8, few, [101 * PER_STEP], rate=0.02, seed=3)


def test_cooling_down_goes_to_a_rate_of_nothing(few, monkeypatch):
    rates = []
    step = torch.optim.AdamW.step

    def noted(optimizer, *args, **options):
        rates.append(optimizer.param_groups[0]["lr"])
        return step(optimizer, *args, **options)

    monkeypatch.setattr(torch.optim.AdamW, "step", noted)
    learn(8, few, [40 * PER_STEP], rate=0.02, seed=0)
    assert rates[:2] == pytest.approx([0.02 / 16, 0.04 / 16])
    assert rates[20:30] == pytest.approx([0.02] * 10)
    assert rates[30:40] == pytest.approx([0.02 * share / 10 for share in range(10, 0, -1)])
    assert rates[40:] == pytest.approx([0.02] * 10)  # the run goes on, to be judged on the way


def test_a_loss_is_the_mean_over_all_windows():
    model = gpt(8, 0)
    windows = torch.randint(512, (70, 65), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = model(windows[:, :-1])
    mean = torch.nn.functional.cross_entropy(logits, windows[:, 1:]).item()
    assert judge(model, windows) == pytest.approx(mean, rel=1e-5)


def test_tokens_are_whole_steps():
    assert whole_steps(3.9 * PER_STEP) == 3 * PER_STEP
