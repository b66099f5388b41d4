"""How long attention and Transformers take beside torch's, transformers' and x-transformers'.

Ratios are made as in `comparison.py`, the other side's time divided by ours. Before anything is
timed both sides must give the same outputs. Our attention has three matrices where torch's and
GPT-2's files have one of three times the size; its explicit path is shown for what it costs.

How many of its operations a training step makes in a second is held against what a product of two
large matrices makes of them on the same machine in the same run.

    python benchmarks/transformer.py [--device cuda] [--repetitions 21]
"""

import statistics
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch
from comparison import Run, compare_all, options, passes, record, seconds
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy
from torch.utils.flop_counter import FlopCounterMode
from transformers import BertConfig, BertForPreTraining, GPT2Config, GPT2LMHeadModel
from x_transformers import Decoder as XDecoder
from x_transformers import TransformerWrapper

from linebyline.decoding.greedy import greedy
from linebyline.layers.attention_mask import causal_mask
from linebyline.layers.multi_head_attention import MultiHeadAttention
from linebyline.layers.self_gated import GELU
from linebyline.transformer.bert import BERT
from linebyline.transformer.bert_config import BERTConfig
from linebyline.transformer.bert_files import renamed as renamed_bert
from linebyline.transformer.bert_pretraining import BERTPretraining
from linebyline.transformer.block import BlockConfig
from linebyline.transformer.decoder import Decoder
from linebyline.transformer.encoder import Encoder
from linebyline.transformer.gpt import GPT
from linebyline.transformer.gpt_config import GPT2_BLOCK, GPTConfig
from linebyline.transformer.gpt_files import renamed
from linebyline.transformer.without_cache import without_cache

NAMES = ("block", "encoder", "decoder", "gpt", "bert", "bert_pretraining", "without_cache")
MEASURED = ["src/linebyline/layers/multi_head_attention.py"]
MEASURED += [f"src/linebyline/transformer/{name}.py" for name in NAMES]
SHAPE = (8, 128, 256)
"""Sequences, positions, features."""

HEADS, HIDDEN, BLOCKS, VOCABULARY = 8, 1024, 4, 5000
TEXTS = 4
WRITTEN = 60
"""Tokens that are generated."""

PEAK = 1024
"""Rows and columns of the matrices whose product is the measure of what the machine can do."""


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
    hidden = ~causal_mask(SHAPE[1], SHAPE[1], device=device)

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


def copy_blocks(theirs: nn.Module, ours: Encoder | Decoder) -> None:
    """Give the layers of torch's encoder or decoder the weights of our blocks."""
    for our, their in zip(ours.blocks, theirs.layers, strict=True):
        norms = [our.attention_norm, our.feed_forward_norm]
        copy_attention(their.self_attn, our.attention)
        if our.cross_attention is not None:
            copy_attention(their.multihead_attn, our.cross_attention)
            norms.insert(1, our.cross_norm)
        for number, norm in enumerate(norms, 1):
            getattr(their, f"norm{number}").load_state_dict(norm.state_dict())
        their.linear1.load_state_dict(our.feed_forward.hidden.state_dict())
        their.linear2.load_state_dict(our.feed_forward.output.state_dict())


def encoders(device: str) -> Iterator[tuple[str, Run, Run]]:
    """Two post-norm blocks in training, forward and backward."""
    size = SHAPE[2]
    ours = Encoder(BlockConfig(size, HEADS, HIDDEN, dropout=0.0), 2).to(device)
    layer = nn.TransformerEncoderLayer(size, HEADS, HIDDEN, dropout=0.0, batch_first=True)
    theirs = nn.TransformerEncoder(layer, 2).to(device)
    copy_blocks(theirs, ours)
    x = torch.randn(SHAPE, device=device)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-4, atol=1e-5)
    yield "encoder of 2 blocks", *(passes(each, SHAPE, device, 1) for each in (ours, theirs))


def transformers(device: str) -> Iterator[tuple[str, Run, Run]]:
    """Both halves of a translator in training, without what is before and behind the blocks."""
    size = SHAPE[2]
    config = BlockConfig(size, HEADS, HIDDEN, dropout=0.0)
    encoder, decoder = (half(config, 2, final_norm=True).to(device) for half in (Encoder, Decoder))
    theirs = nn.Transformer(size, HEADS, 2, 2, HIDDEN, 0.0, batch_first=True).to(device)
    copy_blocks(theirs.encoder, encoder)
    copy_blocks(theirs.decoder, decoder)
    hidden = ~causal_mask(SHAPE[1], SHAPE[1], device=device)

    def our(x: Tensor) -> Tensor:
        return decoder(x, encoder(x))

    def their(x: Tensor) -> Tensor:
        return theirs(x, x, tgt_mask=hidden, tgt_is_causal=True)

    x = torch.randn(SHAPE, device=device)
    torch.testing.assert_close(our(x), their(x), rtol=1e-4, atol=1e-4)
    yield "Transformer of 2 and 2 blocks", *(passes(s, SHAPE, device, 1) for s in (our, their))


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


def step(side: nn.Module, logits: Callable[[], Tensor], targets: Tensor) -> Run:
    """A step of training: logits (batch, classes, time), loss, gradients, AdamW."""
    optimizer = torch.optim.AdamW(side.train().parameters())

    def run() -> None:
        optimizer.zero_grad()
        cross_entropy(logits(), targets).backward()
        optimizer.step()

    return run


def same(sides: tuple[nn.Module, nn.Module], outputs: tuple[Callable[[], Tensor], ...]) -> None:
    """Refuse to go on with two sides that answer differently."""
    for side in sides:
        side.eval()
    one, other = (output() for output in outputs)
    torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def trainings(model: GPT, peer: GPT2LMHeadModel, ids: Tensor) -> Iterator[tuple[str, Run, Run]]:
    """A GPT's step of training, with dropout."""
    texts, targets = ids[:, :-1], ids[:, 1:]
    logits = (lambda: model(texts), lambda: peer(texts).logits.transpose(1, 2))
    same((model, peer), logits)
    yield "GPT, training", step(model, logits[0], targets), step(peer, logits[1], targets)


def x_gpt(device: str, ids: Tensor) -> Iterator[tuple[str, Run, Run]]:
    """The same beside x-transformers', which drops elsewhere: so without dropout.

    Theirs have no biases in attention and none in a normalization; ours start at 0.
    """
    _, context, size = SHAPE
    dropped = {"dropout": 0.0, "attention_dropout": 0.0, "activation": GELU()}
    block = replace(GPT2_BLOCK, model_size=size, num_heads=HEADS, hidden_size=HIDDEN, **dropped)
    model = GPT(GPTConfig(VOCABULARY, context, BLOCKS, block)).to(device)
    layers = XDecoder(dim=size, depth=BLOCKS, heads=HEADS, attn_dim_head=size // HEADS,
                      attn_flash=True)  # fmt: skip
    peer = TransformerWrapper(
        num_tokens=VOCABULARY, max_seq_len=context, attn_layers=layers, tie_embedding=True,
        tie_embedding_scale=1.0,
    ).to(device)  # fmt: skip
    with torch.no_grad():
        peer.token_emb.emb.weight.copy_(model.token.weight)
        peer.pos_emb.emb.weight.copy_(model.position.weight * size**0.5)
        for number, our in enumerate(model.blocks):
            (_, attention, _), (_, feed_forward, _) = layers.layers[2 * number : 2 * number + 2]
            for name, part in (("q", "query"), ("k", "key"), ("v", "value"), ("out", "output")):
                theirs = getattr(attention, f"to_{name}")
                theirs.weight.copy_(getattr(our.attention, part).weight)
            feed_forward.ff[0][0].load_state_dict(our.feed_forward.hidden.state_dict())
            feed_forward.ff[2].load_state_dict(our.feed_forward.output.state_dict())
    texts, targets = ids[:, :-1], ids[:, 1:]
    logits = (lambda: model(texts), lambda: peer(texts).transpose(1, 2))
    same((model, peer), logits)
    name = "GPT, training, beside x-transformers"
    yield name, step(model, logits[0], targets), step(peer, logits[1], targets)


def berts(device: str, ids: Tensor) -> Iterator[tuple[str, Run, Run]]:
    """BERT's step of training, with dropout: the word of each place, and whether a text follows."""
    _, context, size = SHAPE
    sizes = {"hidden_size": size, "num_hidden_layers": BLOCKS, "num_attention_heads": HEADS}
    sizes |= {"intermediate_size": HIDDEN, "max_position_embeddings": context}
    peer = BertForPreTraining(BertConfig(vocab_size=VOCABULARY, **sizes)).to(device)
    config = BERTConfig(VOCABULARY, context, num_blocks=BLOCKS)
    block = replace(config.block, model_size=size, num_heads=HEADS, hidden_size=HIDDEN)
    model = BERTPretraining(BERT(replace(config, block=block))).to(device)
    model.load_state_dict(renamed_bert(peer.state_dict()))
    follows = torch.zeros_like(ids[:, :1])  # the pair's answer, as if it were one more place

    def answers(words: Tensor, of_pair: Tensor) -> Tensor:
        more = functional.pad(of_pair, (0, VOCABULARY - 2), value=-1e4)
        return torch.cat([more[:, :, None], words], 2)

    def theirs() -> Tensor:
        found = peer(ids)
        return answers(found.prediction_logits.transpose(1, 2), found.seq_relationship_logits)

    logits = (lambda: answers(*model(ids)), theirs)
    same((model, peer), logits)
    targets = torch.cat([follows, ids], 1)
    yield "BERT, training", step(model, logits[0], targets), step(peer, logits[1], targets)


def share_of_peak(device: str, ids: Tensor, repetitions: int) -> dict[str, float]:
    """What of the machine a GPT's training step uses, as its product of matrices measures it.

    Counted are the multiplications and additions of the matrices, attention's and the gradients'
    included; what else a step does, norms, GELU, dropout, AdamW, costs time and counts as nothing.
    """
    model, _ = small_gpts(device)
    texts, targets = ids[:, :-1], ids[:, 1:]
    train = step(model, lambda: model(texts), targets)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        train()
    one, other = (torch.randn(PEAK, PEAK, device=device) for _ in range(2))

    def product() -> None:
        one @ other

    rates = {"peak": [], "step": []}
    for run in (product, train):
        run()
    for _ in range(repetitions):
        rates["peak"].append(2 * PEAK**3 / seconds(product, device) / 1e9)
        rates["step"].append(counter.get_total_flops() / seconds(train, device) / 1e9)
    shares = [mine / all_ for mine, all_ in zip(rates["step"], rates["peak"], strict=True)]
    tokens = texts.numel() * statistics.median(rates["step"]) * 1e9 / counter.get_total_flops()
    return {
        "gflops_of_a_step": round(counter.get_total_flops() / 1e9, 2),
        "gflops_a_second": round(statistics.median(rates["step"]), 1),
        "gflops_a_second_of_a_product": round(statistics.median(rates["peak"]), 1),
        "share": round(statistics.median(shares), 3),
        "tokens_a_second": round(tokens),
    }


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


def a_text(device: str) -> Tensor:
    """Tokens of some texts."""
    return torch.randint(VOCABULARY, (TEXTS, SHAPE[1]), device=device)


def pairs(device: str) -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, the other's."""
    torch.manual_seed(0)
    yield from attentions(device)
    yield from encoders(device)
    yield from transformers(device)
    model, peer = small_gpts(device)
    ids = a_text(device)
    yield from writings(model, peer, ids[:1, :8])  # first, while both have the same weights
    yield from trainings(model, peer, ids)
    yield from x_gpt(device, ids)
    yield from berts(device, ids)


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=21)
    figures = {
        "setting": f"(batch, time, features) {SHAPE}, {HEADS} heads, {HIDDEN} hidden, float32",
        "gpt": f"{BLOCKS} blocks, {VOCABULARY} tokens, {TEXTS} texts, {WRITTEN} tokens written",
        "ratio": "torch's, transformers' or x-transformers' time divided by ours",
        "results": compare_all(pairs(asked.device), asked),
        "gpt_training": share_of_peak(asked.device, a_text(asked.device), asked.repetitions),
    }
    print(f"{figures['gpt_training']['share']:6.3f}  of a product's speed, GPT, training")
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
