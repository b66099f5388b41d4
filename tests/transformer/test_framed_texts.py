"""Many texts at once are each as the tokenizer frames it."""

import pytest
import torch

from linebyline.tokenizers.wordpiece import WordPieceTokenizer
from linebyline.transformer.framed_texts import frame_texts


@pytest.fixture
def tokenizer() -> WordPieceTokenizer:
    return WordPieceTokenizer.train(["one two", "three four five"], vocab_size=60)


@pytest.mark.parametrize("seconds", [None, ["two", "one two three"]])
def test_each_row_is_a_frame(tokenizer, seconds):
    firsts = ["one", "three four"]
    found = frame_texts(tokenizer, firsts, seconds)
    for row in range(2):
        frame = tokenizer.frame(firsts[row], None if seconds is None else seconds[row])
        length = len(frame.ids)
        assert found.ids[row, :length].tolist() == frame.ids
        assert found.segments[row, :length].tolist() == frame.segments
        assert found.inside[row].sum() == length
        assert found.inside[row, :length].all()
        assert (found.ids[row, length:] == tokenizer.special_tokens["[PAD]"]).all()
        assert (found.segments[row, length:] == 0).all()
    assert found.ids.shape[1] == max(found.inside.sum(1))


def test_some_rows_are_cut_to_the_longest_of_them(tokenizer):
    found = frame_texts(tokenizer, ["one", "three four five", "two"])
    some = found.at(torch.tensor([2, 0]))
    assert some.ids.shape[1] == max(found.inside[0].sum(), found.inside[2].sum())
    assert some.ids[1].equal(found.ids[0, : some.ids.shape[1]])
    assert found.at(slice(1, 2)).inside.all()


def test_texts_must_be_there_and_in_pairs(tokenizer):
    with pytest.raises(ValueError, match="firsts must hold"):
        frame_texts(tokenizer, [])
    with pytest.raises(ValueError, match="not 1 and 2"):
        frame_texts(tokenizer, ["one"], ["two", "three"])
