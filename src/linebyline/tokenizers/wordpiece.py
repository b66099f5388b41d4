"""WordPiece: BERT's tokenizer, which takes the longest piece that fits, and then the next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from linebyline.tokenizers.atomic_write import write_atomically
from linebyline.tokenizers.basic_tokenizer import BasicTokenizer
from linebyline.tokenizers.likelihood_merges import (
    count_ratio,
    learn_merges_by_score,
    likelihood_gain,
)
from linebyline.tokenizers.merges import Pair, count_words, learn_merges
from linebyline.tokenizers.published import published_files, published_settings
from linebyline.tokenizers.tokenizer import (
    Tokenizer,
    checked_special,
    checked_texts,
    refuse_surrogates,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""BERT's special tokens: to fill up, unknown, the whole text, its end, and a gap."""
INSIDE = "##"  # before a piece that does not begin a word
LONGEST_WORD = 100  # characters; a longer word is [UNK]
CACHE_SIZE = 2**16  # words, after which no more are remembered
SCORES = MappingProxyType({"likelihood": likelihood_gain, "ratio": count_ratio})


class Framed(NamedTuple):
    """What BERT reads: ids, and for each the number of the text that it belongs to, 0 or 1."""

    ids: list[int]
    segments: list[int]


class WordPieceTokenizer(Tokenizer):
    """BERT's tokenizer: words by `BasicTokenizer`, pieces by the greedy longest match.

    Devlin, Chang, Lee & Toutanova 2019, section 3; the pieces are Wu et al. 2016, "Google's neural
    machine translation system", section 4.1, after Schuster & Nakajima 2012. The match is that of
    Google's ``tokenization.py``: from the left, the longest token that fits, then the next, where
    all but the first begin with ``##``. A word with a rest that no token fits is ``[UNK]``, whole.

    `decode` does not give back the text, for spaces, accents and capitals are gone.

    Args:
        vocabulary: the tokens in the order of their ids, the special ones among them.
        special_tokens: which of them are special; ``[UNK]`` must be one.
        lower_case: see `BasicTokenizer`, as the next two.
        strip_accents: whether é becomes e.
        split_cjk: whether each Chinese character is a word.

    Raises:
        ValueError: a token is empty or stands twice; a special one is not in the vocabulary, or is
            a word that a text may have.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        *,
        special_tokens: Sequence[str] = SPECIAL,
        lower_case: bool = True,
        strip_accents: bool | None = None,
        split_cjk: bool = True,
    ) -> None:
        """See the class."""
        self.vocabulary = tuple(vocabulary)
        self._ids: dict[str, int] = {}
        for index, token in enumerate(self.vocabulary):
            if not token or "\n" in token or token in self._ids:
                raise ValueError(
                    f"vocabulary has {token!r} at place {index}; a token must have a character, no "
                    "newline among them, and stand there once"
                )
            self._ids[token] = index
        refuse_surrogates("".join(self.vocabulary), argument="vocabulary")
        names = checked_special(special_tokens)
        if missing := set(names) - set(self._ids):
            raise ValueError(f"vocabulary lacks the special token {min(missing)!r}")
        if "[UNK]" not in names:
            raise ValueError(f"special_tokens is {names!r}; [UNK] must be one of them")
        self.special_tokens = MappingProxyType({name: self._ids[name] for name in names})
        self.words = BasicTokenizer(lower_case, strip_accents, split_cjk)
        if plain := [n for n in names if n.startswith(INSIDE) or len(self.words(n)) < 2]:
            raise ValueError(
                f"special_tokens has {plain[0]!r}, which a text may have as a word or a piece; a "
                "name must have punctuation beside other characters, and not begin with ##"
            )
        self._longest = max(map(len, self.vocabulary))
        self._cache: dict[str, list[int]] = {}

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        *,
        vocab_size: int,
        score: Literal["likelihood", "ratio", "frequency"] = "likelihood",
        special_tokens: Sequence[str] = SPECIAL,
        lower_case: bool = True,
        strip_accents: bool | None = None,
        split_cjk: bool = True,
    ) -> WordPieceTokenizer:
        """Learn a vocabulary: characters first, then the pieces that merging them makes.

        Google did not publish how BERT's was made. The pair that is merged next is the one of the
        highest ``score``: "likelihood" is what Schuster & Nakajima 2012 say
        (`likelihood_merges.likelihood_gain`); "ratio" is how they are often retold
        (`likelihood_merges.count_ratio`); "frequency" is byte-pair encoding (`merges.learn_merges`)
        and what Hugging Face's ``tokenizers`` does under the name of WordPiece.

        Args:
            texts: where the words are looked up.
            vocab_size: how many tokens there may be: the special ones, each character as such and,
                if it occurs so, inside a word, and the merges. Learning ends before if nothing is
                left to be gained.
            score: which pair comes next.
            special_tokens: their ids are the first.
            lower_case: see `BasicTokenizer`, as the next two.
            strip_accents: whether é becomes e.
            split_cjk: whether each Chinese character is a word.

        Raises:
            ValueError: the texts hold no word, ``vocab_size`` has no room for the characters, or
                ``score`` is none of the three.
        """
        if score not in {*SCORES, "frequency"}:
            raise ValueError(f"score is {score!r}; it must be likelihood, ratio or frequency")
        split = BasicTokenizer(lower_case, strip_accents, split_cjk)
        words = [word for text in checked_texts(texts) for word in split(text)]
        words = [word for word in words if len(word) <= LONGEST_WORD]
        if not words:
            raise ValueError("texts is without a word; it must hold at least one to learn from")
        alphabet = sorted(set().union(*words)) + sorted(
            {INSIDE + character for word in set(words) for character in word[1:]}
        )
        tokens = [*checked_special(special_tokens), *alphabet]
        if vocab_size < len(tokens):
            raise ValueError(
                f"vocab_size is {vocab_size}; the special tokens and the characters of texts need "
                f"at least {len(tokens)}"
            )
        ids = {token: index for index, token in enumerate(tokens)}

        def join(pair: Pair) -> int | None:
            if len(tokens) == vocab_size:
                return None
            tokens.append(tokens[pair[0]] + tokens[pair[1]].removeprefix(INSIDE))
            return len(tokens) - 1

        def spell(word: str) -> tuple[int, ...]:
            return ids[word[0]], *(ids[INSIDE + character] for character in word[1:])

        spelled = count_words(words, spell)
        if score == "frequency":
            learn_merges(spelled, join)
        else:
            learn_merges_by_score(spelled, join, SCORES[score])
        return cls(
            tokens,
            special_tokens=special_tokens,
            lower_case=lower_case,
            strip_accents=strip_accents,
            split_cjk=split_cjk,
        )

    @property
    def vocab_size(self) -> int:
        return len(self.vocabulary)

    def _encode(self, text: str) -> list[int]:
        cache = self._cache
        ids: list[int] = []
        for word in self.words(text):
            known = cache.get(word)
            if known is None:
                known = self._pieces(word)
                if len(cache) < CACHE_SIZE:
                    cache[word] = known
            ids += known
        return ids

    def _pieces(self, word: str) -> list[int]:
        unknown = [self._ids["[UNK]"]]
        if len(word) > LONGEST_WORD:
            return unknown
        pieces: list[int] = []
        start = 0
        while start < len(word):
            before = INSIDE if start else ""
            for end in range(min(len(word), start + self._longest), start, -1):
                piece = self._ids.get(before + word[start:end])
                if piece is not None:
                    break
            else:
                return unknown
            pieces.append(piece)
            start = end
        return pieces

    def frame(self, first: str, second: str | None = None) -> Framed:
        """One text or two as BERT reads them: [CLS] first [SEP], or [CLS] first [SEP] second [SEP].

        Devlin et al. 2019, figure 2.

        Raises:
            ValueError: [CLS] or [SEP] is no special token, or a text has a lone surrogate.
        """
        if missing := {"[CLS]", "[SEP]"} - set(self.special_tokens):
            raise ValueError(f"special_tokens lacks {min(missing)}, which a frame is made of")
        end = [self.special_tokens["[SEP]"]]
        parts = [[self.special_tokens["[CLS]"], *self.encode(first), *end]]
        if second is not None:
            parts.append(self.encode(second) + end)
        segments = [[number] * len(part) for number, part in enumerate(parts)]
        return Framed(list(chain(*parts)), list(chain(*segments)))

    def token(self, index: int) -> str:
        self._check_ids([index])
        return self.vocabulary[index]

    def decode(self, ids: Sequence[int]) -> str:
        """The words of ids with a space between, pieces joined."""
        self._check_ids(ids)
        return " ".join(self.vocabulary[index] for index in ids).replace(f" {INSIDE}", "")

    def save(self, path: str | Path) -> None:
        """Write BERT's ``vocab.txt``, one token a line, wholly or not at all.

        It does not say how words are made: `load` must be told again.
        """
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, "".join(f"{token}\n" for token in self.vocabulary))

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        special_tokens: Sequence[str] = SPECIAL,
        lower_case: bool = True,
        strip_accents: bool | None = None,
        split_cjk: bool = True,
    ) -> WordPieceTokenizer:
        """Read a ``vocab.txt``, BERT's own or one that `save` wrote.

        Raises:
            ValueError: as the class.
        """
        text = Path(path).read_text("utf8").removesuffix("\n")
        return cls(
            text.split("\n"),
            special_tokens=special_tokens,
            lower_case=lower_case,
            strip_accents=strip_accents,
            split_cjk=split_cjk,
        )

    @classmethod
    def from_pretrained(cls, folder: str | Path) -> WordPieceTokenizer:
        """BERT's tokenizer, or another of its kind, from a folder as the hub has it.

        How words are made is in ``tokenizer_config.json``; what is not said there is as in BERT's
        uncased models.

        Raises:
            FileNotFoundError: ``vocab.txt`` is missing.
            ValueError: the settings say that it is of another kind; and as the class.
        """
        (vocabulary,) = published_files(folder, ("vocab.txt",))
        settings = published_settings(folder, "BertTokenizer", {"do_basic_tokenize": True})
        return cls.load(
            vocabulary,
            lower_case=settings.get("do_lower_case", True),
            strip_accents=settings.get("strip_accents"),
            split_cjk=settings.get("tokenize_chinese_chars", True),
        )
