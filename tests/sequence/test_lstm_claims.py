"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

# One defect for each claim, or for several that are about one thing, all in one run of the chapter.
DEFECTS = """\
import importlib
import torch

lstm = importlib.import_module("linebyline.sequence.lstm")
recurrent = importlib.import_module("linebyline.sequence.recurrent")
rnn = importlib.import_module("linebyline.sequence.rnn")
true_reset = recurrent.Recurrent.reset_parameters

# What the LSTM learns, how its gradient begins, its bias and its growth are about a gate that may
# be open: let every forget gate begin shut, whatever bias is asked for.
def shut(self):
    rows = slice(self.hidden_size, 2 * self.hidden_size)
    with torch.no_grad():
        self.bias_ih_l0[rows] = -12.0
        self.bias_hh_l0[rows] = 0.0

lstm.LSTM._set_forget_bias = shut

# That the RNN hears nothing, whatever its loss, is about the matrix that it multiplies by: let it
# begin as a rotation. That the IRNN learns is about the identity that is copied there: let the copy
# be of something that shrinks.
def rotate(self, generator=None):
    true_reset(self, generator)
    if self.gates == 1 and self.hidden_size > 2:
        with torch.no_grad():
            torch.nn.init.orthogonal_(self.weight_hh_l0, generator=generator)
            self.weight_ih_l0.mul_(0.1)
            self.bias_ih_l0.zero_()
            self.bias_hh_l0.zero_()

rnn.RNN.reset_parameters = rotate
true_eye = torch.eye
torch.eye = lambda n, *args, **kwargs: true_eye(n, *args, **kwargs) * (0.5 if n == 64 else 1.0)
"""


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(DEFECTS) == {
        "lstm-adding": False,
        "lstm-irnn": False,
        "lstm-as-drawn": False,
        "lstm-opens": False,
        "lstm-near": False,
        "lstm-forget-bias": False,
        "lstm-time-constant": False,
        "lstm-not-softmax": False,
        "lstm-continual": False,
    }
