"""What a GPT costs, from its sizes alone: parameters, operations of training, memory."""

from __future__ import annotations

from dataclasses import dataclass

from linebyline.transformer.gpt_config import GPTConfig

ADAM_COPIES = 4
"""Of each parameter: itself, its gradient and Adam's two moments."""


@dataclass(frozen=True)
class GPTCost:
    """Counts for one model; those of a token are for texts of the whole context."""

    parameters: int
    """N. The embedding, which is the last layer too, counts once."""

    embedding: int
    """Those of the embedding; N less these is what Kaplan et al. count."""

    weight_operations: int
    """Of training, a token: of products with a weight."""

    attention_operations: int
    """Of training, a token: of products between tokens, in which no weight takes part."""

    activations: int
    """Numbers kept for the backward pass, a token."""

    @property
    def operations(self) -> int:
        """Of training, a token."""
        return self.weight_operations + self.attention_operations

    @property
    def rule_of_thumb(self) -> int:
        """6 N, the same in short."""
        return 6 * self.parameters

    def training_bytes(self, tokens: int, *, bytes_per_number: int = 4) -> int:
        """Weights, gradients, Adam's two moments, and the activations of a batch of `tokens`."""
        numbers = ADAM_COPIES * self.parameters + tokens * self.activations
        return bytes_per_number * numbers


def gpt_cost(config: GPTConfig) -> GPTCost:
    """Count a GPT with normalizations first, which is trained without dropout.

    Source: Kaplan et al. 2020, *Scaling laws for neural language models*, section 2.1 and table 1;
    unlike there biases, normalizations and the last layer count. A product with a weight is two
    operations forward and four backward, for its two gradients. Scores and mixture of attention are
    4 T d more a block, forward, also those of pairs that a causal mask hides, and twice as many
    backward. What else there is, sums, normalizations, softmax, is left out.

    Activations are what a block's backward pass needs: what the normalizations read and what they
    leave, 4 d; queries, keys and values, 3 d; the heads' answer, d, and, where queries are turned
    and so lie head by head, the same put in order, d more; what the activation function reads and
    leaves, twice d_ff. Then what the last normalization reads and leaves, 2 d, and the logits'
    softmax, V. The scores are not among them: fused attention computes them again (Dao et al.
    2022). Left out are a few numbers a head and a position.

    Raises:
        ValueError: the normalizations do not come first.
    """
    block = config.block
    if not block.norm_first:
        raise ValueError("config.block.norm_first must be True, as in GPT-2, not False")
    d, hidden, count = block.model_size, block.hidden_size, config.num_blocks
    weights = 4 * d * d + 2 * d * hidden  # of a block's matrices
    others = 4 * d + hidden + d + 4 * d  # biases of attention and feed-forward; two normalizations
    embedding = config.vocab_size * d
    answers = 9 if block.rotary else 8  # of d numbers each
    positions = 0 if block.rotary else config.context * d
    return GPTCost(
        parameters=embedding + positions + count * (weights + others) + 2 * d,
        embedding=embedding,
        weight_operations=6 * (count * weights + embedding),
        attention_operations=3 * count * 4 * config.context * d,
        activations=count * (answers * d + 2 * hidden) + 2 * d + config.vocab_size,
    )
