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


def doctored(weights: list[list[float]], survived: list[int]):
    """A log that no run would leave, made to fit."""
    log = Perceptron(1).fit(torch.tensor([[1.0]]), torch.tensor([1]))
    log.weights, log.survived = torch.tensor(weights), torch.tensor(survived)
    return log


def test_who_scores_zero_abstains_however_many_votes_it_has():
    log = doctored([[0.0, 0], [-1, 0]], survived=[5, 1])
    assert VotedPerceptron(log)(torch.tensor([[2.0], [-2.0]])).tolist() == [-1, 1]


@pytest.mark.parametrize("kind", [VotedPerceptron, AveragedPerceptron])
def test_a_tie_is_answered_with_plus_one(kind):
    log = doctored([[1.0, 0], [-1, 0]], survived=[2, 2])
    assert kind(log)(torch.tensor([[2.0], [-2.0]])).tolist() == [1, 1]


@pytest.mark.parametrize("kind", [VotedPerceptron, AveragedPerceptron])
def test_keeps_every_leading_axis(run, kind):
    x, _, log = run
    model = kind(log)
    assert model(x.reshape(8, 10, 3)).tolist() == model(x).reshape(8, 10).tolist()
    assert model(x[0]) == model(x)[0]


@pytest.mark.parametrize("kind", [VotedPerceptron, AveragedPerceptron])
def test_saves_all_that_decides_its_answers(kind):
    model = kind(doctored([[1.0, 0], [-3, 0]], survived=[5, 1]))
    other = kind(doctored([[-1.0, 0], [-1, 0]], survived=[1, 5]))
    x = torch.tensor([[2.0], [-2.0]])
    assert model(x).tolist() == [1, -1]
    assert other(x).tolist() == [-1, 1]
    other.load_state_dict(model.state_dict())
    assert other(x).tolist() == [1, -1]


def test_the_mean_is_of_the_type_of_the_inputs(run):
    x, y, _ = run
    log = Perceptron(3).fit(x.float(), y, epochs=4)
    assert AveragedPerceptron(log).weights.dtype == torch.float32


@pytest.mark.parametrize("kind", [VotedPerceptron, AveragedPerceptron])
@pytest.mark.parametrize("features", [2, 4])
def test_refuses_inputs_of_another_size(run, kind, features):
    with pytest.raises(ValueError, match=f"x has {features} features; the log's weights are for 3"):
        kind(run[2])(torch.zeros(5, features, dtype=torch.float64))


def test_loading_a_state_leaves_the_log_alone(run):
    *_, log = run
    before = log.weights.clone()
    model = VotedPerceptron(log)
    model.load_state_dict(
        {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    )
    assert log.weights.equal(before)
