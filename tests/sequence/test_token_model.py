"""The recurrent language model: equal to torch's modules, all at once as step by step."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from linebyline.data.text import windows
from linebyline.decoding.sampling import sample
from linebyline.sequence.gru import GRU
from linebyline.sequence.lstm import LSTM
from linebyline.sequence.recurrent import Recurrent
from linebyline.sequence.rnn import RNN
from linebyline.sequence.token_model import TokenModel

VOCABULARY, INPUTS, HIDDEN = 7, 3, 5


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(params=[RNN, LSTM, GRU])
def model(request: pytest.FixtureRequest) -> TokenModel:
    recurrent = request.param(INPUTS, HIDDEN, num_layers=2, generator=generator())
    return TokenModel(recurrent, VOCABULARY, generator=generator(1)).double()


@pytest.fixture
def ids() -> Tensor:
    return torch.randint(VOCABULARY, (4, 6), generator=generator(2))


def test_equals_torch_outputs_and_gradients(model: TokenModel, ids: Tensor) -> None:
    embedding = nn.Embedding(VOCABULARY, INPUTS).double()
    kind = getattr(nn, type(model.recurrent).__name__)
    recurrent = kind(INPUTS, HIDDEN, num_layers=2, batch_first=True).double()
    output = nn.Linear(HIDDEN, VOCABULARY).double()
    theirs = nn.ModuleDict({"embedding": embedding, "recurrent": recurrent, "output": output})
    theirs.load_state_dict(model.state_dict())  # the names are the same, too
    found, expected = model(ids), output(recurrent(embedding(ids))[0]).transpose(1, 2)
    assert found.shape == (4, VOCABULARY, 6)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)
    targets = ids.roll(-1, dims=1)
    for logits in (found, expected):
        cross_entropy(logits, targets).backward()
    for name, parameter in model.named_parameters():
        other = theirs.get_parameter(name)
        torch.testing.assert_close(parameter.grad, other.grad, rtol=1e-9, atol=1e-12)


def test_gradients_by_differences(ids: Tensor) -> None:
    model = TokenModel(RNN(2, 2, generator=generator()), 3, generator=generator(1)).double()
    parameters = dict(model.named_parameters())

    def run(*values: Tensor) -> Tensor:
        replaced = dict(zip(parameters, values, strict=True))
        return torch.func.functional_call(model, replaced, (ids % 3,))

    assert torch.autograd.gradcheck(run, tuple(parameters.values()))


def test_step_by_step_is_all_at_once(model: TokenModel, ids: Tensor) -> None:
    expected, state = model(ids), None
    for t in range(ids.shape[1]):
        logits, state = model.step(ids[:, t], state)
        torch.testing.assert_close(logits, expected[:, :, t], rtol=1e-12, atol=1e-12)


def test_goes_on_from_a_state(model: TokenModel, ids: Tensor) -> None:
    first, state = model.continue_from(None, ids[:, :2])
    second, _ = model.continue_from(state, ids[:, 2:])
    torch.testing.assert_close(torch.cat([first, second], dim=2), model(ids))


def test_no_answer_depends_on_what_follows(model: TokenModel, ids: Tensor) -> None:
    other = ids.clone()
    other[:, 3:] = (other[:, 3:] + 1) % VOCABULARY
    before, after = model(ids), model(other)
    torch.testing.assert_close(before[:, :, :3], after[:, :, :3])
    assert (before[:, :, 3:] != after[:, :, 3:]).any(dim=1).all()


def test_learns_a_text_by_heart_and_recites_it() -> None:
    text = [0, 1, 2, 0, 1, 3] * 12  # what follows 0 1 depends on what stood before them
    data = windows(text, 12)
    model = TokenModel(RNN(8, 16, generator=generator()), 4, generator=generator(1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimizer.zero_grad()
        loss = cross_entropy(model(data.inputs)[:, :, 2:], data.targets[:, 2:])
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.05
    _, state = model.continue_from(None, torch.tensor([[0, 1, 2]]))
    recited = sample(
        model.step, torch.tensor([0]), state, end=None, max_length=9, temperature=0.1
    ).tokens
    assert recited.tolist() == [[1, 3, 0, 1, 2, 0, 1, 3, 0]]


def test_the_generator_draws_the_first_weights() -> None:
    def make(seed: int) -> list[Tensor]:
        model = TokenModel(RNN(INPUTS, HIDDEN, generator=generator()), 7, generator=generator(seed))
        return [model.embedding.weight, model.output.weight, model.output.bias]

    same, other = zip(make(1), make(1), strict=True), zip(make(1), make(2), strict=True)
    assert all((a == b).all() for a, b in same)
    assert all((a != b).all() for a, b in other)
    rows = TokenModel(RNN(50, 2), 200, generator=generator()).embedding.weight
    assert rows.requires_grad
    assert abs(rows.std().item() - 1) < 0.03


def recurrent(**options: bool) -> Recurrent:
    return RNN(INPUTS, HIDDEN, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: TokenModel(recurrent(), 0), "vocab_size must be at least 1, not 0"),
        (lambda: TokenModel(recurrent(bidirectional=True), 7), "recurrent must read in one dir"),
        (lambda: TokenModel(recurrent(), 7)(torch.tensor([[1, 7, 2]])), "ids has 7; .* 0 to 6"),
        (lambda: TokenModel(recurrent(), 7)(torch.tensor([[1, -1, 2]])), "ids has -1; .* 0 to 6"),
        (
            lambda: TokenModel(recurrent(), 7)(torch.zeros(2, 0, dtype=torch.long)),
            r"ids must be \(batch, time\) .* shape is \(2, 0\)",
        ),
        (lambda: TokenModel(recurrent(), 7).step(torch.tensor([7]), None), "ids has 7"),
    ],
)
def test_refuses_by_name(make: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_ids_without_a_batch() -> None:
    with pytest.raises(ValueError, match=r"ids must be \(batch, time\) .* shape is \(3,\)"):
        TokenModel(recurrent(), 7)(torch.tensor([1, 2, 3]))
