import pytest
import torch

from linebyline.linear_models.perceptron import Perceptron
from linebyline.linear_models.voted_perceptron import AveragedPerceptron, VotedPerceptron


@pytest.fixture
def run():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(80, 3, dtype=torch.float64, generator=generator)
    y = torch.where(x @ torch.tensor([1.0, -2.0, 0.5]).double() + 0.4 > 0, 1, -1)
    y[::9] *= -1
    return x, y, Perceptron(3).fit(x, y, epochs=4)


def replay(x, y, epochs):
    """Freund and Schapire's figure 1, literally: a list of (weights, count)."""
    ones = torch.cat([x, torch.ones(len(x), 1)], 1)
    vectors, counts = [torch.zeros(4, dtype=x.dtype)], [0]
    for _ in range(epochs):
        for x_i, y_i in zip(ones, y, strict=True):
            if y_i * (vectors[-1] @ x_i) > 0:
                counts[-1] += 1
            else:
                vectors.append(vectors[-1] + y_i * x_i)
                counts.append(1)
    return ones, torch.stack(vectors), torch.tensor(counts, dtype=x.dtype)


def test_voted_equals_the_paper(run):
    x, y, log = run
    ones, vectors, counts = replay(x, y, epochs=4)
    expected = ((ones @ vectors.T).sign() @ counts).sign()
    assert VotedPerceptron(log)(x).tolist() == expected.tolist()


def test_averaged_equals_the_paper(run):
    x, y, log = run
    ones, vectors, counts = replay(x, y, epochs=4)
    torch.testing.assert_close(AveragedPerceptron(log).weights, counts @ vectors / counts.sum())
    assert AveragedPerceptron(log)(x).tolist() == (ones @ (counts @ vectors)).sign().tolist()


def test_the_vote_counts_heads_and_the_average_strengths():
    """Two weak votes outvote one strong opinion, but not its average."""
    log = Perceptron(1).fit(torch.tensor([[1.0]]), torch.tensor([1]), epochs=2)
    log.weights = torch.tensor([[1.0, 0], [1.0, 0], [-9.0, 0]])
    log.survived = torch.tensor([1, 1, 1])
    x = torch.tensor([[2.0]])
    assert VotedPerceptron(log)(x).tolist() == [1]
    assert AveragedPerceptron(log)(x).tolist() == [-1]


@pytest.mark.parametrize("kind", [VotedPerceptron, AveragedPerceptron])
def test_refuses_inputs_of_another_size(run, kind):
    with pytest.raises(ValueError, match="x has 2 features; the log's weights are for 3"):
        kind(run[2])(torch.zeros(5, 2, dtype=torch.float64))
