"""What a BERT expects at each place of a text, and how well the words that stand there fit."""

import torch
from jaxtyping import Float
from torch import Tensor

from linebyline.transformer.bert import Ids, Inside
from linebyline.transformer.bert_pretraining import BERTPretraining


@torch.no_grad()
def seen_log_probability(
    model: BERTPretraining,
    ids: Ids,
    segments: Ids | None = None,
    mask: Inside | None = None,
) -> Float[Tensor, "batch time"]:
    """Log p(x_t | x): how likely the model holds what it sees, all places at once.

    A model that was asked about hidden words only has never been asked this.
    """
    logits = model(ids, segments, mask).words.log_softmax(1)  # (B, V, T)
    return logits.gather(1, ids[:, None])[:, 0]


@torch.no_grad()
def hidden_log_probability(
    model: BERTPretraining,
    ids: Ids,
    segments: Ids | None = None,
    mask: Inside | None = None,
    *,
    mask_id: int,
) -> Float[Tensor, "batch time"]:
    """Log p(x_t | all others): the same with each word hidden in its turn, one pass for each place.

    Source: Salazar, Liang, Nguyen & Kirchhoff 2020, *Masked language model scoring*, section 2,
    whose pseudo-log-likelihood of a text is the sum.
    """
    found = []
    for t in range(ids.shape[1]):
        asked = ids.clone()
        asked[:, t] = mask_id
        logits = model(asked, segments, mask).words[:, :, t].log_softmax(1)  # (B, V)
        found.append(logits.gather(1, ids[:, t : t + 1])[:, 0])
    return torch.stack(found, dim=1)


def seen_posterior(
    prior: Float[Tensor, "..."], *, vocab_size: int, kept: float, replaced: float
) -> Float[Tensor, "..."]:
    """How likely the word that is seen is the true one, if it is asked about: Bayes' rule.

    Of the places that are asked about a share `kept` shows the true word and a share `replaced` any
    word. With q, the probability of the word given all *others*, it is the true one by
    (kept + replaced / V) q / (kept q + replaced / V).

    Args:
        prior: q.
        vocab_size: V, of which a replacement is drawn.
        kept: 0.1 in BERT.
        replaced: 0.1 in BERT.

    Raises:
        ValueError: both shares are 0: a seen word is never asked about.
    """
    if kept < 0 or replaced < 0 or kept + replaced == 0:
        raise ValueError(
            f"kept and replaced must be 0 or more and not both 0, not {kept} and {replaced}"
        )
    chance = replaced / vocab_size
    return (kept + chance) * prior / (kept * prior + chance)
