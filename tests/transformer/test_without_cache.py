"""With a key-value cache and without, the same text is written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from linebyline.decoding.beam_search import beam_search
from linebyline.decoding.greedy import greedy
from linebyline.decoding.sampling import sample
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPTConfig
from linebyline.transformer.without_cache import without_cache

Small = Callable[..., BlockConfig]
Model = Callable[[nn.Module], nn.Module]
PROMPT = torch.tensor([[5, 6, 7], [9, 4, 2]])


@pytest.fixture(params=[(True, False), (False, False), (True, True)], ids=str)
def model(request: pytest.FixtureRequest, small: Small, shaken: Model) -> GPT:
    """GPT-2, GPT-1, and with rotary positions; its texts are not all the same token."""
    norm_first, rotary = request.param
    block = small(norm_first=norm_first, rotary=rotary, dropout=0.1)
    config = GPTConfig(vocab_size=23, context=20, num_blocks=2, block=block)
    model = shaken(GPT(config, generator=torch.Generator().manual_seed(0))).eval()
    with torch.no_grad():
        model.token.weight.mul_(3)
    return model


def test_step_by_step_the_logits_are_those_of_the_whole(model: GPT) -> None:
    ids = torch.randint(23, (2, 20), generator=torch.Generator().manual_seed(1))
    whole, states = model(ids), [None, None]
    for t in range(20):
        for number, step in enumerate((model.step, without_cache(model))):
            logits, states[number] = step(ids[:, t], states[number])
            torch.testing.assert_close(logits, whole[:, :, t], rtol=1e-10, atol=1e-10)
    assert torch.equal(states[1], ids)
    assert states[0][0].own.key.shape[2] == 20


@pytest.mark.parametrize("prompt", [PROMPT, PROMPT[:, :1]])
def test_the_same_text(model: GPT, prompt: Tensor) -> None:
    first, state = model.begin(prompt)
    before = prompt[:, :-1] if prompt.shape[1] > 1 else None
    texts = []
    for step, start in ((model.step, state), (without_cache(model), before)):
        told = greedy(step, first, start, end=None, max_length=17)
        generator = torch.Generator().manual_seed(3)
        drawn = sample(
            step, first, start, end=None, max_length=17, top_k=9, temperature=2.0,
            generator=generator,
        )  # fmt: skip
        beams = beam_search(step, first, start, end=3, max_length=17, beam_size=3)
        texts.append((told.tokens, drawn.tokens, beams.tokens))
        assert len(drawn.tokens.unique()) > 4
    assert all(map(torch.equal, *texts))


def test_a_prompt_records_no_gradient(model: GPT) -> None:
    _, state = model.begin(PROMPT)
    assert state[0].own.key.shape[2] == 2
    assert not any(part.requires_grad for block in state for part in block.own)


def test_greedy_is_the_argmax_of_the_whole(model: GPT) -> None:
    first, state = model.begin(PROMPT)
    told = greedy(model.step, first, state, end=None, max_length=10).tokens
    logits = model(torch.cat([PROMPT, told], dim=1))
    assert torch.equal(logits.argmax(1)[:, 2:-1], told)


def test_the_context_is_an_end(model: GPT) -> None:
    first, state = model.begin(PROMPT)
    message = "context of 20 tokens, but 1 of them behind 20 others make 21"
    with pytest.raises(ValueError, match=message):
        greedy(model.step, first, state, end=None, max_length=19)
    greedy(model.step, first, state, end=None, max_length=18)
