"""GPT: a Transformer that only writes, each token from those before it."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from linebyline.layers.dropout import Dropout
from linebyline.layers.linear import Linear
from linebyline.layers.positional_encoding import LearnedEncoding
from linebyline.layers.token_ids import check_ids
from linebyline.transformer.block import Block, BlockState, stack
from linebyline.transformer.gpt_config import GPTConfig
from linebyline.transformer.gpt_files import read_gpt
from linebyline.transformer.published import fill
from linebyline.transformer.token_embedding import embedding

Ids = Int[Tensor, "batch time"]
Logits = Float[Tensor, "batch vocabulary time"]
State = tuple[BlockState, ...] | None
"""The key-value cache: what each block remembers; None before the first token."""


class GPT(nn.Module):
    """P(x_{t+1} | x_1, ..., x_t) = softmax(E h_t), with h from causal blocks over E[x_t] + P[t].

    Sources: Radford, Narasimhan, Salimans & Sutskever 2018, *Improving language understanding by
    generative pre-training*, section 3.1, equation 2; Radford, Wu, Child, Luan, Amodei & Sutskever
    2019, *Language models are unsupervised multitask learners*, section 2.3: the normalizations
    come first, one more follows the last block, and the two matrices of a block that write into the
    sum start smaller by 1/√(2N), for 2N of them are added up. All matrices start at N(0, 0.02²), as
    in the first paper, section 4.1, and all biases at 0, as in the authors' code. The logits are by
    the same E.

    `forward` takes texts (batch, time) and answers with the logits of the *next* token at every
    step, (batch, vocabulary, time), as `cross_entropy` takes them. `step` is the same token by
    token, as `linebyline.decoding.generate.Step` asks.

    Args:
        config: the sizes.
        generator: draws the first weights; without one torch's global generator does.

    Raises:
        ValueError: a size is below 1, or the heads do not divide d_model; the ids are not (batch,
            time), there are more of them than the context has room for, or, on a CPU, one is out
            of range.
    """

    blocks: Sequence[Block]

    def __init__(
        self,
        config: GPTConfig,
        *,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        for name in ("vocab_size", "context"):
            if (number := getattr(config, name)) < 1:
                raise ValueError(f"{name} must be at least 1, not {number}")
        block, size = config.block, config.block.model_size
        self.config = config
        self.token = embedding(config.vocab_size, size, 0.02, generator)  # E
        self.position = None  # or P
        if not block.rotary:
            self.position = LearnedEncoding(config.context, size, generator=generator)
        self.dropout = Dropout(block.dropout)
        self.blocks, self.norm = stack(block, config.num_blocks, generator=generator)
        self.reset_parameters(generator)

    @torch.no_grad()
    def reset_parameters(self, generator: torch.Generator | None = None) -> None:
        """Draw the blocks' matrices as the papers say."""
        gpt2 = self.config.block.norm_first
        smaller = 1 / math.sqrt(2 * len(self.blocks)) if gpt2 else 1.0
        for block in self.blocks:
            into_the_sum = (block.attention.output, block.feed_forward.output)
            for layer in block.modules():
                if isinstance(layer, Linear):
                    std = 0.02 * (smaller if layer in into_the_sum else 1.0)
                    layer.weight.normal_(0, std, generator=generator)
                    if layer.bias is not None:
                        layer.bias.zero_()

    def forward(self, ids: Ids) -> Logits:
        """The logits of each next token; nothing stands before the first."""
        return self.continue_from(None, ids)[0]

    def continue_from(self, state: State, ids: Ids) -> tuple[Logits, State]:
        """The same, going on from the state behind what was read before; and the new state."""
        h, state = self.features(state, ids)
        logits = functional.linear(h, self.token.weight)  # E h_t: (B, T, V)
        return logits.transpose(1, 2), state

    def step(
        self, token: Int[Tensor, " batch"], state: State
    ) -> tuple[Float[Tensor, "batch vocabulary"], State]:
        """From the last token of each text, and the state before it, to the next one's logits."""
        logits, state = self.continue_from(state, token[:, None])
        return logits[:, :, 0], state

    @torch.no_grad()
    def begin(self, prompt: Ids) -> tuple[Int[Tensor, " batch"], State]:
        """Read prompts of one length, all but their last tokens; these, and the state before them.

        They are what `greedy`, `sample` and `beam_search` begin with, and record no gradient.
        """
        check_ids("prompt", prompt, self.config.vocab_size)
        if prompt.shape[1] == 1:
            return prompt[:, 0], None
        _, state = self.features(None, prompt[:, :-1])
        return prompt[:, -1], state

    def features(
        self,
        state: State,
        ids: Ids,
    ) -> tuple[Float[Tensor, "batch time size"], State]:
        """h_t, what the last block leaves at each step, from which the logits are made."""
        check_ids("ids", ids, self.config.vocab_size)
        before = 0 if state is None else state[0].length
        if (end := before + ids.shape[1]) > self.config.context:
            raise ValueError(
                f"ids must end within the context of {self.config.context} tokens, "
                f"but {ids.shape[1]} of them behind {before} others make {end}"
            )
        x = self.token(ids)  # (B, T, C)
        x = self.dropout(x if self.position is None else self.position(x, before))
        after = []
        for number, block in enumerate(self.blocks):
            past = block.begin() if state is None else state[number]
            x, new = block.continue_from(past, x, causal=True)
            after.append(new)
        return x if self.norm is None else self.norm(x), tuple(after)

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> "GPT":
        """A GPT-1 or GPT-2 from a folder in the published layout, in evaluation mode.

        Raises:
            FileNotFoundError: `config.json` or `model.safetensors` is missing.
            ValueError: the folder is of another architecture; the message says what differs.
        """
        config, weights = read_gpt(folder)
        with torch.device("meta"):  # shapes only: the numbers are those of the file
            model = cls(config)
        fill(model, weights, folder)
        return model.eval()
