"""How long attention and Transformers take beside torch's and transformers', training included.

Ratios are made as in `comparison.py`, the other side's time divided by ours. Before anything is
timed both sides must give the same outputs. Our attention has three matrices where torch's and
GPT-2's files have one of three times the size; its explicit path is shown for what it costs.

    python benchmarks/transformer.py [--device cuda] [--repetitions 21]
"""

from collections.abc import Iterator
from dataclasses import replace

import torch
from comparison import Run, compare_all, options, passes, record
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import GPT2Config, GPT2LMHeadModel

from linebyline.decoding.greedy import greedy
from linebyline.layers.multi_head_attention import MultiHeadAttention
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPT2_BLOCK, GPTConfig
from linebyline.transformer.gpt_files import renamed
from linebyline.transformer.without_cache import without_cache

NAMES = ("block", "encoder", "gpt", "without_cache")
MEASURED = ["src/linebyline/layers/multi_head_attention.py"]
MEASURED += [f"src/linebyline/transformer/{name}.py" for name in NAMES]
SHAPE = (8, 128, 256)
"""Sequences, positions, features."""

HEADS, HIDDEN, BLOCKS, VOCABULARY = 8, 1024, 4, 5000
TEXTS = 4
WRITTEN = 60
"""Tokens that are generated."""


def copy_attention(theirs: nn.MultiheadAttention, ours: MultiHeadAttention) -> None:
    """Give torch's layer our weights."""
    three = (ours.query, ours.key, ours.value)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([part.weight for part in three]))
        theirs.in_proj_bias.copy_(torch.cat([part.bias for part in three]))
    theirs.out_proj.load_state_dict(ours.output.state_dict())


def attentions(device: str) -> Iterator[tuple[str, Run, Run]]:
    """Self-attention, both paths, without and with a mask of what comes later."""
    ours = MultiHeadAttention(SHAPE[2], HEADS).to(device)
    theirs = nn.MultiheadAttention(SHAPE[2], HEADS, batch_first=True).to(device)
    copy_attention(theirs, ours)
    hidden = ~torch.ones(SHAPE[1], SHAPE[1], dtype=torch.bool, device=device).tril()

    def torchs(x: Tensor, mask: Tensor | None) -> Tensor:
        return theirs(x, x, x, attn_mask=mask, is_causal=mask is not None, need_weights=False)[0]

    sides = {
        "forward": (ours, lambda x: torchs(x, None)),
        "forward, causal": (lambda x: ours(x, causal=True), lambda x: torchs(x, hidden)),
        "explicit, causal": (
            lambda x: ours.explicit(x, causal=True)[0],
            lambda x: torchs(x, hidden),
        ),
    }
    x = torch.randn(SHAPE, device=device)
    for name, (one, other) in sides.items():
        torch.testing.assert_close(one(x), other(x), rtol=1e-4, atol=1e-5)
        yield f"attention, {name}", *(passes(each, SHAPE, device, 1) for each in (one, other))


def encoders(device: str) -> Iterator[tuple[str, Run, Run]]:
    """Two post-norm blocks in training, forward and backward."""
    size = SHAPE[2]
    ours = Encoder(BlockConfig(size, HEADS, HIDDEN, dropout=0.0), 2).to(device)
    layer = nn.TransformerEncoderLayer(size, HEADS, HIDDEN, dropout=0.0, batch_first=True)
    theirs = nn.TransformerEncoder(layer, 2).to(device)
    for our, their in zip(ours.blocks, theirs.layers, strict=True):
        copy_attention(their.self_attn, our.attention)
        their.norm1.load_state_dict(our.attention_norm.state_dict())
        their.norm2.load_state_dict(our.feed_forward_norm.state_dict())
        their.linear1.load_state_dict(our.feed_forward.hidden.state_dict())
        their.linear2.load_state_dict(our.feed_forward.output.state_dict())
    x = torch.randn(SHAPE, device=device)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    yield "encoder of 2 blocks", *(passes(each, SHAPE, device, 1) for each in (ours, theirs))


def small_gpts(device: str) -> tuple[GPT, GPT2LMHeadModel]:
    """Ours and transformers', with the same weights."""
    _, context, size = SHAPE
    sizes = {"n_positions": context, "n_embd": size, "n_layer": BLOCKS, "n_head": HEADS}
    ends = {"bos_token_id": 0, "eos_token_id": 0}
    peer = GPT2LMHeadModel(GPT2Config(vocab_size=VOCABULARY, **sizes, **ends))
    block = replace(GPT2_BLOCK, model_size=size, num_heads=HEADS, hidden_size=HIDDEN)
    model = GPT(GPTConfig(VOCABULARY, context, BLOCKS, block))
    model.load_state_dict(renamed(peer.state_dict()))
    return model.to(device), peer.to(device)


def trainings(model: GPT, peer: GPT2LMHeadModel, ids: Tensor) -> Iterator[tuple[str, Run, Run]]:
    """A step of training: logits, loss, gradients, AdamW; with dropout."""
    torch.testing.assert_close(
        model.eval()(ids), peer.eval()(ids).logits.transpose(1, 2), rtol=1e-4, atol=1e-4
    )

    def step(side: nn.Module) -> Run:
        optimizer = torch.optim.AdamW(side.train().parameters())

        def run() -> None:
            optimizer.zero_grad()
            logits = side(ids) if side is model else side(ids).logits.transpose(1, 2)
            cross_entropy(logits[:, :, :-1], ids[:, 1:]).backward()
            optimizer.step()

        return run

    yield "GPT, training", step(model), step(peer)


def writings(model: GPT, peer: GPT2LMHeadModel, prompt: Tensor) -> Iterator[tuple[str, Run, Run]]:
    """One text, written greedily with a key-value cache; last, beside ours without."""
    model.eval(), peer.eval()
    begin = prompt[:, :-1]

    def cached() -> Tensor:
        first, state = model.begin(prompt)
        return greedy(model.step, first, state, end=None, max_length=WRITTEN).tokens

    def theirs() -> Tensor:
        return peer.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=WRITTEN,
            min_new_tokens=WRITTEN,
            do_sample=False,
            eos_token_id=None,
            pad_token_id=0,
        )[:, prompt.shape[1] :]

    def uncached() -> Tensor:
        step = without_cache(model)
        return greedy(step, prompt[:, -1], begin, end=None, max_length=WRITTEN).tokens

    assert torch.equal(cached(), theirs())
    assert torch.equal(cached(), uncached())
    yield "GPT, generation", cached, theirs
    yield "GPT, generation, the other side ours without a cache", cached, uncached


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, the other's."""
    torch.manual_seed(0)
    yield from attentions(device)
    yield from encoders(device)
    model, peer = small_gpts(device)
    ids = torch.randint(VOCABULARY, (TEXTS, SHAPE[1]), device=device)
    yield from writings(model, peer, ids[:1, :8])  # first, while both have the same weights
    yield from trainings(model, peer, ids)


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=21)
    figures = {
        "setting": f"(batch, time, features) {SHAPE}, {HEADS} heads, {HIDDEN} hidden, float32",
        "gpt": f"{BLOCKS} blocks, {VOCABULARY} tokens, {TEXTS} texts, {WRITTEN} tokens written",
        "ratio": "torch's or transformers' time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
