"""Tokenizers in Python beside Hugging Face's `tokenizers` in Rust: learning and encoding.

`comparison.py` says how it is measured: CPU time on one thread, the two sides in turn. The text is
the reference text; before anything is timed both sides must give the same ids. One thing is not the
same on both sides, and is left as each comes: the library also notes where in the text each token
stands. "First time" is with tokenizers just made, "again" with what the last pass left in caches.

    python benchmarks/tokenizers_bpe.py [--repetitions 11]
"""

import os
from collections.abc import Callable, Iterator

os.environ["TOKENIZERS_PARALLELISM"] = "false"  # one thread on either side

import tokenizers
from comparison import Run, compare_all, options, record
from tokenizers import models, normalizers, pre_tokenizers, trainers

from linebyline.data.text import reference_text
from linebyline.tokenizers.bpe import BPETokenizer
from linebyline.tokenizers.gpt2_files import visible
from linebyline.tokenizers.tokenizer import Tokenizer
from linebyline.tokenizers.wordpiece import SPECIAL, WordPieceTokenizer

MEASURED = ["src/linebyline/tokenizers", "src/linebyline/data/text.py"]
TEXT = "\n\n".join(reference_text())
MERGES = 1024
BPE_SIZE = 256 + MERGES
WORDPIECE_SIZE = 1200


def byte_level(model: models.BPE) -> tokenizers.Tokenizer:
    """The library's, set up as GPT-2's."""
    made = tokenizers.Tokenizer(model)
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return made


def uncased(model: models.WordPiece) -> tokenizers.Tokenizer:
    """The library's, set up as BERT's."""
    made = tokenizers.Tokenizer(model)
    made.normalizer = normalizers.BertNormalizer()
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made


def bpe_of(ours: BPETokenizer) -> tokenizers.Tokenizer:
    """The library's, with our merges."""
    vocabulary = {ours.token(index): index for index in range(ours.vocab_size)}
    merges = [(visible(left), visible(right)) for left, right in ours.merges]
    return byte_level(models.BPE(vocab=vocabulary, merges=merges))


def wordpiece_of(ours: WordPieceTokenizer) -> tokenizers.Tokenizer:
    """The library's, with our vocabulary."""
    vocabulary = {token: index for index, token in enumerate(ours.vocabulary)}
    return uncased(models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))


def encoding(
    name: str, ours: Tokenizer, make: Callable[[], Tokenizer], theirs: Callable[..., object]
) -> Iterator[tuple[str, Run, Run]]:
    """Encode the whole text, with tokenizers made anew each time and with one and the same."""
    reference = theirs(ours)
    if ours.encode(TEXT) != reference.encode(TEXT).ids:
        raise SystemExit(f"{name}: the ids differ, so there is nothing to compare")
    # Making either side takes a millisecond or so, and is timed with the first pass.
    yield (
        f"{name}, encoding, first time",
        lambda: make().encode(TEXT),
        lambda: theirs(ours).encode(TEXT).ids,
    )
    yield (
        f"{name}, encoding, again",
        lambda: ours.encode(TEXT),
        lambda: reference.encode(TEXT).ids,
    )


def pairs() -> Iterator[tuple[str, Run, Run]]:
    """What is compared: a name, ours, the library's."""

    def train_bpe() -> None:
        trainer = trainers.BpeTrainer(
            vocab_size=BPE_SIZE,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        byte_level(models.BPE()).train_from_iterator([TEXT], trainer)

    def train_wordpiece() -> None:
        trainer = trainers.WordPieceTrainer(
            vocab_size=WORDPIECE_SIZE, special_tokens=list(SPECIAL), show_progress=False
        )
        uncased(models.WordPiece(unk_token="[UNK]")).train_from_iterator([TEXT], trainer)

    def learn(score: str) -> WordPieceTokenizer:
        return WordPieceTokenizer.train([TEXT], vocab_size=WORDPIECE_SIZE, score=score)

    bpe = BPETokenizer.train([TEXT], vocab_size=BPE_SIZE)
    yield (
        "byte-level BPE, training",
        lambda: BPETokenizer.train([TEXT], vocab_size=BPE_SIZE),
        train_bpe,
    )
    yield from encoding("byte-level BPE", bpe, lambda: BPETokenizer(bpe.merges), bpe_of)
    yield "WordPiece, training by frequency", lambda: learn("frequency"), train_wordpiece
    yield "WordPiece, training by likelihood", lambda: learn("likelihood"), train_wordpiece
    pieces = learn("frequency")
    yield from encoding(
        "WordPiece", pieces, lambda: WordPieceTokenizer(pieces.vocabulary), wordpiece_of
    )


def main() -> None:
    """Run all comparisons, print them, and write them beside the others."""
    asked = options(__doc__, repetitions=11)
    asked.device = "cpu"
    size = len(TEXT.encode()) / 1e6
    results = compare_all(pairs(), asked)
    for name, figures in results.items():
        if "encoding" in name:
            figures["ours_megabytes_a_second"] = round(1000 * size / figures["ours_ms"], 2)
    figures = {
        "tokenizers": tokenizers.__version__,
        "setting": f"{size:.3f} MB of text, {MERGES} merges, {WORDPIECE_SIZE} pieces, one thread",
        "ratio": "the library's time (torch_ms) divided by ours",
        "results": results,
    }
    record(__file__, asked, MEASURED, figures)


if __name__ == "__main__":
    main()
