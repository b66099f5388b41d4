"""A BERT so small that it learns in seconds: its pieces, its pre-training, its fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import torch
from torch import Tensor

from linebyline.data.masked_tokens import NO_TARGET, mask_tokens
from linebyline.losses.cross_entropy import cross_entropy
from linebyline.studies.small_gpt import widened
from linebyline.tokenizers.wordpiece import WordPieceTokenizer
from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_classifier import BERTClassifier
from linebyline.transformer.bert_config import BERT_BASE_BLOCK, BERTConfig
from linebyline.transformer.bert_pretraining import (
    BERTPretraining,
    pretraining_loss,
    pretraining_targets,
)
from linebyline.transformer.framed_texts import FramedTexts

BLOCK = replace(
    BERT_BASE_BLOCK,
    model_size=64,
    num_heads=4,
    hidden_size=256,
    dropout=0.0,
    attention_dropout=0.0,
)
WIDER = 5
"""First weights are so much larger than BERT's 0.02, which is meant for 768 features."""

CONTEXT, VOCABULARY = 32, 170
STEPS, BATCH_SIZE, RATE = 500, 64, 3e-3
TUNE_STEPS = 100


def learn_pieces(texts: list[str]) -> WordPieceTokenizer:
    """A vocabulary for numbers in English, in which every word is one token."""
    return WordPieceTokenizer.train(texts, vocab_size=VOCABULARY, score="frequency")


def small_bert(vocab_size: int, seed: int) -> BERTPretraining:
    """Two blocks of 64 features, with first weights for this width."""
    draw = torch.Generator().manual_seed(seed)
    config = BERTConfig(vocab_size=vocab_size, context=CONTEXT, num_blocks=2, block=BLOCK)
    return widened(BERTPretraining(BERT(config, generator=draw), generator=draw), WIDER)


def pretrain(
    texts: FramedTexts,
    tokenizer: WordPieceTokenizer,
    *,
    seed: int,
    steps: int = STEPS,
    follows: Tensor | None = None,
    masked: float = 0.8,
    replaced: float = 0.1,
) -> tuple[BERTPretraining, list[float]]:
    """Ask for hidden words, and, with `follows`, whether the second piece follows.

    The loss of the words at each step is the second answer.
    """
    model = small_bert(tokenizer.vocab_size, seed)
    draw = torch.Generator().manual_seed(seed)
    special = tokenizer.special_tokens
    advance = optimizer(model, RATE, steps)
    losses = []
    for _ in range(steps):
        rows = torch.randint(len(texts.ids), (BATCH_SIZE,), generator=draw)
        ids, segments, inside = texts.at(rows)
        asked = mask_tokens(
            ids,
            mask_id=special["[MASK]"],
            special_ids=[special[name] for name in ("[PAD]", "[CLS]", "[SEP]")],
            vocab_size=tokenizer.vocab_size,
            masked=masked,
            replaced=replaced,
            generator=draw,
        )
        logits = model(asked.inputs, segments, inside)
        loss = words = cross_entropy(logits.words, asked.targets, ignore_index=NO_TARGET)
        if follows is not None:
            loss = pretraining_loss(logits, pretraining_targets(asked.targets, follows[rows]))
        advance(loss)
        losses.append(words.item())
    return model.eval(), losses


def optimizer(model: torch.nn.Module, rate: float, steps: int) -> Callable[[Tensor], None]:
    """One step of AdamW, with a rate that rises for a tenth of the steps and falls to 0."""
    adam = torch.optim.AdamW(model.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    warm = max(1, steps // 10)
    rise_and_fall = torch.optim.lr_scheduler.LambdaLR(
        adam, lambda step: min((step + 1) / warm, (steps - step) / (steps - warm))
    )

    def advance(loss: Tensor) -> None:
        adam.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        adam.step()
        rise_and_fall.step()

    return advance


def fine_tune(
    bert: BERT,
    texts: FramedTexts,
    labels: Tensor,
    *,
    rate: float,
    seed: int,
    steps: int = TUNE_STEPS,
) -> BERTClassifier:
    """A copy of BERT with a new layer on [CLS], all of it trained on all labelled texts at once."""
    draw = torch.Generator().manual_seed(seed)
    model = BERTClassifier(deepcopy(bert), 2, dropout=0.0, generator=draw).train()
    advance = optimizer(model, rate, steps)
    for _ in range(steps):
        advance(cross_entropy(model(*texts), labels))
    return model.eval()


@torch.no_grad()
def right(model: torch.nn.Module, texts: FramedTexts, labels: Tensor) -> float:
    """The share of texts that a model labels rightly."""
    return (model(*texts).argmax(1) == labels).float().mean().item()
