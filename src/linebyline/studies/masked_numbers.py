"""A small BERT learns to count: what it is asked, and what few labels can read off it.

This writes `masked_numbers.json` beside the file::

    python -m linebyline.studies.masked_numbers

The texts are numbers in English words. A BERT of two blocks, 64 features wide, is asked for hidden
words (80/10/10) for some hundred steps of AdamW; then it is fine-tuned on `LABELS` labelled texts,
and judged on others, in tasks that are about the order of words, and in one that is not. Rivals
have the same labels: the same network that was not pre-trained, TF-IDF over words and over runs of
three, and trigrams that were counted on the texts without labels. In the last way nothing of the
network is changed: a text is described by how well its words fit.

A second pair of networks reads two pieces of a page that counts on, one with the question whether
the second piece follows, one without. Rates of fine-tuning and penalties are chosen on the seeds
`TUNED_ON`, and everything is judged on `STARTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from linebyline.data.number_texts import counting_pages, number_texts
from linebyline.data.sentence_pairs import pair_batch, sentence_pairs
from linebyline.language.ngram import NGram
from linebyline.studies import record
from linebyline.studies.number_tasks import (
    DIGITS,
    PAIRS,
    SINGLE,
    Task,
    counted_runs,
    fit_of_runs,
    fit_of_words,
    pair_task,
    read_off,
    single_task,
)
from linebyline.studies.small_bert import (
    STEPS,
    fine_tune,
    learn_pieces,
    pretrain,
    right,
    small_bert,
)
from linebyline.tokenizers.wordpiece import WordPieceTokenizer
from linebyline.transformer.bert_pretraining import BERTPretraining
from linebyline.transformer.framed_texts import FramedTexts, frame_texts

LABELS, MANY, JUDGED, DRAWS = 20, 200, 200, 2
TEXTS, PAGES, PAIR_TOKENS = 8000, 3000, 16
TUNE_RATES = (3e-4, 1e-3, 3e-3)
PENALTIES = (0.001, 0.01, 0.1)
RUNS = {"words": 1, "runs": 3}
"""How long a run TF-IDF counts."""

TUNED_ON = (100, 101)
STARTS = tuple(range(201, 206))


class Pages(NamedTuple):
    """Two pieces of a page each, and whether the second follows the first."""

    texts: FramedTexts
    follows: Tensor
    tokenizer: WordPieceTokenizer


def paired_pages(seed: int) -> Pages:
    """Pages that count on, cut into pairs; half of the seconds are from another page, or more."""
    pages = counting_pages(PAGES, digits=DIGITS, seed=seed)
    tokenizer = learn_pieces([line for page in pages for line in page])
    documents = [[tokenizer.encode(line) for line in page] for page in pages]
    pairs = sentence_pairs(documents, max_tokens=PAIR_TOKENS, short_share=0.0, seed=seed)
    special = tokenizer.special_tokens
    batch = pair_batch(pairs, cls_id=special["[CLS]"], sep_id=special["[SEP]"])
    return Pages(FramedTexts(batch.ids, batch.segments, batch.inside), batch.follows, tokenizer)


@torch.no_grad()
def told_apart(model: BERTPretraining, tokenizer: WordPieceTokenizer, task: Task) -> float:
    """The share of pairs that the second head itself answers rightly, without a label."""
    said = model(*frame_texts(tokenizer, task.firsts, task.seconds)).follows.argmax(1)
    return (said == task.labels).float().mean().item()


def load() -> dict[str, Any]:
    """The stored results of the study."""
    return record.load(__file__)


def study() -> dict[str, Any]:
    """Choose on some seeds, judge on others."""
    tried: dict[str, list[list[float]]] = {}
    for seed in TUNED_ON:
        singles, few = Singles(seed), single_task("units", LABELS, seed)
        judged = single_task("units", JUDGED, seed + 50)
        for way, model in singles.models.items():
            shares = [singles.tuned(model, few, judged, rate) for rate in TUNE_RATES]
            tried.setdefault(way, []).append(shares)
        few, judged = (single_task("words", count, seed + count) for count in (LABELS, JUDGED))
        for way, longest in RUNS.items():
            see = counted_runs(few, longest)
            shares = [read_off(see, few, judged, penalty=penalty) for penalty in PENALTIES]
            tried.setdefault(way, []).append(shares)
    mean = {way: [sum(two) / 2 for two in zip(*rows, strict=True)] for way, rows in tried.items()}
    best = {
        way: (PENALTIES if way in RUNS else TUNE_RATES)[row.index(max(row))]
        for way, row in mean.items()
    }
    tasks: dict[str, dict[str, list[float]]] = {kind: {} for kind in SINGLE}
    pages: dict[str, list[float]] = {}
    for seed in STARTS:
        singles = Singles(seed)
        for kind in SINGLE:
            for way, share in singles.judge(kind, best).items():
                tasks[kind].setdefault(way, []).append(round(share, 4))
        for name, figure in judge_pages(seed, best).items():
            pages.setdefault(name, []).append(round(figure, 4))
    return {
        "settings": {"steps": STEPS, "labels": LABELS, "judged": JUDGED, "draws": DRAWS}
        | {"tuned_on": TUNED_ON, "starts": STARTS},
        "tried": {way: [round(share, 4) for share in row] for way, row in mean.items()},
        "best": best,
        "tasks": tasks,
        "pages": pages,
    }


class Singles:
    """All ways to judge single texts, for one seed: what was learned from texts without labels."""

    def __init__(self, seed: int) -> None:
        """Learn; the rest is quick."""
        self.seed = seed
        texts = number_texts(TEXTS, seed=seed)
        self.tokenizer = learn_pieces(texts)
        framed = frame_texts(self.tokenizer, texts)
        pretrained, _ = pretrain(framed, self.tokenizer, seed=seed)
        scratch = small_bert(self.tokenizer.vocab_size, seed)
        self.models = {"pre-trained": pretrained, "from scratch": scratch}
        ids = framed.ids[framed.inside].tolist()
        self.table = NGram.train(ids, order=3, vocab_size=self.tokenizer.vocab_size)

    def tuned(self, model: BERTPretraining, few: Task, judged: Task, rate: float) -> float:
        """The share that is right after fine-tuning."""
        texts = frame_texts(self.tokenizer, few.firsts, few.seconds)
        found = fine_tune(model.bert, texts, few.labels, rate=rate, seed=self.seed)
        return right(
            found, frame_texts(self.tokenizer, judged.firsts, judged.seconds), judged.labels
        )

    def judge(self, kind: str, best: Mapping[str, float]) -> dict[str, float]:
        """The share that each way labels rightly, the mean of some draws of labelled texts."""
        judged = single_task(kind, JUDGED, 1000 * self.seed)
        total: dict[str, float] = {}
        for draw in range(1, DRAWS + 1):
            few = single_task(kind, LABELS, 1000 * self.seed + draw)
            shares = {
                way: read_off(counted_runs(few, longest), few, judged, penalty=best[way])
                for way, longest in RUNS.items()
            }
            shares["trigrams"] = read_off(fit_of_runs(self.table, self.tokenizer), few, judged)
            for way in ("from scratch", "pre-trained"):
                shares[way] = self.tuned(self.models[way], few, judged, best[way])
            see = fit_of_words(self.models["pre-trained"], self.tokenizer)
            shares["fit of words"] = read_off(see, few, judged)
            for way, share in shares.items():
                total[way] = total.get(way, 0.0) + share / DRAWS
        return total


def judge_pages(seed: int, best: Mapping[str, float]) -> dict[str, float]:
    """What two networks know of pairs, one asked whether the second follows, one not."""
    pages = paired_pages(seed)
    found = {}
    models = {"from scratch": small_bert(pages.tokenizer.vocab_size, seed)}
    for name, follows in (("with", pages.follows), ("without", None)):
        model, losses = pretrain(pages.texts, pages.tokenizer, seed=seed, follows=follows)
        models[name] = model
        found[f"{name}, hidden words"] = sum(losses[-50:]) / 50
    for kind in PAIRS:
        judged = pair_task(kind, JUDGED, 1000 * seed)
        found[f"asked, {kind}"] = told_apart(models["with"], pages.tokenizer, judged)
        for count in (LABELS, MANY) if kind == "stranger" else (LABELS,):
            few = pair_task(kind, count, 1000 * seed + 1)
            parts = [
                frame_texts(pages.tokenizer, task.firsts, task.seconds) for task in (few, judged)
            ]
            for name, model in models.items():
                way = "from scratch" if name == "from scratch" else "pre-trained"
                tuned = fine_tune(model.bert, parts[0], few.labels, rate=best[way], seed=seed)
                found[f"{name}, {kind}, {count}"] = right(tuned, parts[1], judged.labels)
    return found


if __name__ == "__main__":
    record.run_and_store(__file__, study)
