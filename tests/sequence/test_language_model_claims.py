"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# Most claims are about a state that is carried on: let none be carried. A network of this kind is a
# bigram. And arithmetic coding is about probabilities that are kept to ten digits: keep four.
FORGETFUL = """\
import importlib
import torch

recurrent = importlib.import_module("linebyline.sequence.recurrent")
coding = importlib.import_module("linebyline.language.arithmetic_coding")
coding._SHARE = 14

def forget(self, x, state=None, *, lengths=None):
    h = torch.tanh(x @ self.weight_ih_l0.T + self.bias_ih_l0)
    return h, h[:, -1][None]

recurrent.Recurrent.forward = forget
"""

# Two claims do not hold, and must when what they ask for is there: a counter that is worse than the
# network, and lines that are no longer than its memory. What is counted is the text backwards.
EASY = """\
import importlib
import textwrap

ngram = importlib.import_module("linebyline.language.ngram")
data = importlib.import_module("linebyline.data.text")
true_train, true_text = ngram.NGram.train.__func__, data.reference_text

def backwards(cls, ids, *, order, vocab_size):
    return true_train(cls, ids[::-1] if order > 4 else ids, order=order, vocab_size=vocab_size)

def narrow(**options):
    fill = lambda part: textwrap.fill(" ".join(part.split()), 12, break_long_words=False)
    return data.TextSplit(*map(fill, true_text(**options)))

ngram.NGram.train = classmethod(backwards)
data.reference_text = narrow
"""


@pytest.mark.timeout(600)
def test_every_claim_of_a_state_turns_when_none_is_carried(verdicts):
    assert verdicts(FORGETFUL) == {
        "language-model-coding": False,
        "language-model-recurrent": False,
        "language-model-superior": False,
        "language-model-mixture": False,
        "language-model-size": False,
        "language-model-cut": False,
        "language-model-memory": False,
        "language-model-quotes": False,
        "language-model-line": False,
        "language-model-short-line": False,
    }


@pytest.mark.timeout(600)
def test_what_does_not_hold_would_if_it_were_easier(verdicts):
    easier = {
        "late_and_early(wide, 60, 50)": "late_and_early(wide, 8, 5)",
        'text.test.index("\\n\\n", 3000)': 'text.test.index("\\n", 3000)',
    }
    found = verdicts(EASY, easier)
    assert found["language-model-superior"]
    assert found["language-model-line"]
