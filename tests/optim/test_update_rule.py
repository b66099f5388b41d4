"""What holds for every update rule: one rule on two paths, groups, memory, and refusals by name."""

import copy
import inspect
import io
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from linebyline.optim.adagrad import Adagrad
from linebyline.optim.adam import Adam
from linebyline.optim.adamw import AdamW
from linebyline.optim.momentum import Momentum
from linebyline.optim.nag import NAG
from linebyline.optim.proximal import ProximalGradient
from linebyline.optim.rmsprop import RMSprop
from linebyline.optim.sgd import SGD
from linebyline.optim.update_rule import UpdateRule

Parameters = Callable[..., list[nn.Parameter]]
LossAt = Callable[[list[nn.Parameter], int], Tensor]

RULES: list[type[UpdateRule]] = [SGD, Momentum, NAG, Adagrad, RMSprop, Adam, AdamW]
RULES += [ProximalGradient]
REMEMBERING = [rule for rule in RULES if rule.memory]
OPTIONS: dict[str, Any] = {
    "lr": 0.1,
    "momentum": 0.8,
    "dampening": 0.3,
    "alpha": 0.7,
    "betas": (0.8, 0.9),
    "eps": 1e-3,
    "weight_decay": 0.3,
    "l1": 0.2,
    "l2": 0.3,
}
every_rule = pytest.mark.parametrize("rule", RULES)


def arguments(rule: type[UpdateRule], **changed: Any) -> dict[str, Any]:
    """Hyperparameters of a rule, none of them its default."""
    return {name: {**OPTIONS, **changed}[name] for name in rule.hyperparameters}


def test_every_rule_of_the_group_is_tested_here() -> None:
    folder = inspect.getfile(UpdateRule).removesuffix("update_rule.py")
    assert set(RULES) == set(UpdateRule.__subclasses__())
    assert all(inspect.getfile(rule).startswith(folder) for rule in RULES)


@every_rule
@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("step", [1, 7])
def test_both_paths_are_one_rule(
    rule: type[UpdateRule], weight_decay: float, step: int, parameters: Parameters
) -> None:
    drawn = [[theta.detach() for theta in parameters(seed)] for seed in range(2)]
    memory = [[theta.detach().abs() for theta in parameters(2)] for _ in rule.memory]
    options = arguments(rule, weight_decay=weight_decay)
    if rule.counts_steps:
        options["step"] = step
    results = []
    for update in (rule.explicit_update, rule.foreach_update):
        tensors = copy.deepcopy([*drawn, *memory])
        update(*tensors, **options)
        torch.testing.assert_close(tensors.pop(1), drawn[1], rtol=0, atol=0)  # ∇L is only read
        results.append(tensors)
    torch.testing.assert_close(*results, rtol=1e-13, atol=1e-13)
    assert not any(torch.equal(*pair) for pair in zip(results[0][0], drawn[0], strict=True))


@every_rule
def test_the_explicit_path_passes_gradcheck(rule: type[UpdateRule], parameters: Parameters) -> None:
    """θ and the memory after a step, as functions of θ, ∇L and the memory before."""
    start = [parameters(seed)[0] for seed in range(2)]
    start += [parameters(seed)[0].detach().abs() for seed, _ in enumerate(rule.memory, start=2)]
    options = {**arguments(rule), **({"step": 3} if rule.counts_steps else {})}

    def stepped(*before: Tensor) -> tuple[Tensor, ...]:
        theta, gradient, *memory = (tensor.clone() for tensor in before)
        rule.explicit_update([theta], [gradient], *([each] for each in memory), **options)
        return theta, *memory

    assert torch.autograd.gradcheck(stepped, [tensor.requires_grad_() for tensor in start])


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if "weight_decay" in rule.hyperparameters and rule is not AdamW]
)
@pytest.mark.parametrize("foreach", [True, False])
def test_weight_decay_is_the_gradient_of_a_penalty(
    rule: type[UpdateRule], foreach: bool, parameters: Parameters, loss_at: LossAt
) -> None:
    decayed, penalised = parameters(), parameters()
    optimizers = [
        rule(decayed, **arguments(rule), foreach=foreach),
        rule(penalised, **arguments(rule, weight_decay=0.0), foreach=foreach),
    ]
    for step in range(3):
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss_at(decayed, step).backward()
        penalty = sum(((theta**2).sum() for theta in penalised), start=torch.zeros(()))
        (loss_at(penalised, step) + 0.5 * OPTIONS["weight_decay"] * penalty).backward()
        for optimizer in optimizers:
            optimizer.step()
    torch.testing.assert_close(decayed, penalised, rtol=1e-12, atol=1e-12)


@every_rule
@pytest.mark.parametrize("foreach", [True, False])
def test_learns_a_line(rule: type[UpdateRule], foreach: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(32, 3, generator=generator)
    true = torch.tensor([1.0, -2.0, 0.5])
    theta = nn.Parameter(torch.zeros(3))
    optimizer = rule([theta], lr=0.5 if rule is Adagrad else 0.05, foreach=foreach)
    for _ in range(500):
        optimizer.zero_grad()
        (x @ theta - x @ true).pow(2).mean().backward()
        optimizer.step()
    torch.testing.assert_close(theta.detach(), true, rtol=0.06, atol=0.06)


@every_rule
@pytest.mark.parametrize("foreach", [True, False])
def test_each_group_takes_the_path_and_the_options_it_names(
    rule: type[UpdateRule], foreach: bool, monkeypatch: pytest.MonkeyPatch, parameters: Parameters
) -> None:
    calls: list[tuple[str, dict[str, Any]]] = []
    for name in ("explicit_update", "foreach_update"):
        record = staticmethod(lambda *_, _name=name, **options: calls.append((_name, options)))
        monkeypatch.setattr(rule, name, record)
    thetas = parameters()
    for theta in thetas:
        theta.grad = torch.ones_like(theta)
    group = {"params": thetas, **arguments(rule), "foreach": foreach}
    rule([group], lr=0.7, foreach=not foreach).step()
    ((taken, options),) = calls  # all in one call
    assert taken == ("foreach_update" if foreach else "explicit_update")
    assert options.pop("step", 1) == 1
    assert options == arguments(rule)


@every_rule
def test_the_tensors_of_a_call_are_of_one_kind(
    rule: type[UpdateRule], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mixed lists would come out right, but foreach would take them one by one."""
    calls = []

    def record(*lists: list[Tensor], **options: Any) -> None:
        tensors = [tensor for each in lists for tensor in each]
        (kind,) = {(tensor.device.type, tensor.dtype) for tensor in tensors}
        calls.append((*kind, options.get("step"), len(lists[0])))

    monkeypatch.setattr(rule, "foreach_update", staticmethod(record))
    kinds = [("cpu", torch.float64), ("cpu", torch.float32), ("meta", torch.float32)]
    thetas = [
        nn.Parameter(torch.zeros(2, device=device, dtype=dtype))
        for device, dtype in [*kinds, *kinds]
    ]
    optimizer = rule(thetas, **arguments(rule))
    for used in (thetas[:1], thetas):  # the first is a step ahead of its kind
        for theta in used:
            theta.grad = torch.ones_like(theta)
        optimizer.step()
    if rule.counts_steps:
        ahead, *others = (*kinds[0], 1, 1), (*kinds[0], 2, 1), (*kinds[0], 1, 1)
    else:
        ahead, *others = (*kinds[0], None, 1), (*kinds[0], None, 2)
    others += [(*kind, 1 if rule.counts_steps else None, 2) for kind in kinds[1:]]
    assert calls[0] == ahead
    assert sorted(map(str, calls[1:])) == sorted(map(str, others))


@every_rule
def test_closure_is_called_with_gradients_and_its_loss_returned(rule: type[UpdateRule]) -> None:
    theta = nn.Parameter(torch.tensor(3.0))
    optimizer = rule([theta], **arguments(rule))

    def closure() -> float:
        optimizer.zero_grad()
        loss = theta**2
        loss.backward()
        return loss.item()

    assert optimizer.step(closure) == 9.0
    assert theta.item() < 3
    assert optimizer.step() is None


@every_rule
def test_goes_on_from_a_saved_state_as_if_it_had_not_stopped(
    rule: type[UpdateRule],
    parameters: Parameters,
    loss_at: LossAt,
    two_groups: Callable[[list[nn.Parameter]], list[dict[str, Any]]],
) -> None:
    def run(optimizer: UpdateRule, thetas: list[nn.Parameter], steps: range) -> None:
        for step in steps:
            optimizer.zero_grad()
            loss_at(thetas[step % 2 :], step).backward()  # the first one misses every other step
            optimizer.step()

    through = parameters()
    run(rule(two_groups(through), **arguments(rule)), through, range(9))

    thetas = parameters()
    first = rule(two_groups(thetas), **arguments(rule))
    run(first, thetas, range(4))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = rule(two_groups(thetas), lr=0.9, foreach=False)
    second.load_state_dict(torch.load(file, weights_only=True))
    assert [group["lr"] for group in second.param_groups] == [0.1, 0.1]
    assert [group["foreach"] for group in second.param_groups] == [True, True]
    run(second, thetas, range(4, 9))
    torch.testing.assert_close(thetas, through, rtol=0, atol=0)


@every_rule
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_a_copy_goes_on_by_itself(
    rule: type[UpdateRule], copied: Callable[[Any], Any], parameters: Parameters, loss_at: LossAt
) -> None:
    thetas = parameters()
    optimizer = rule(thetas, **arguments(rule))
    loss_at(thetas, 0).backward()
    optimizer.step()
    other_thetas, other = copied((thetas, optimizer))
    for step in (1, 2):
        for each, of in ((thetas, optimizer), (other_thetas, other)):
            of.zero_grad()
            loss_at(each, step).backward()
            of.step()
    torch.testing.assert_close(other_thetas, thetas, rtol=0, atol=0)


@pytest.mark.parametrize("rule", REMEMBERING)
@pytest.mark.parametrize("foreach", [True, False])
def test_memory_follows_its_parameter(rule: type[UpdateRule], foreach: bool) -> None:
    """What `model.to` leaves behind is brought along; loading a state does the same."""
    moved, loaded = (nn.Linear(3, 2, bias=False) for _ in range(2))
    loaded.load_state_dict(moved.state_dict())
    optimizers = [
        rule(model.parameters(), **arguments(rule), foreach=foreach) for model in (moved, loaded)
    ]

    def step() -> None:
        for model, optimizer in zip((moved, loaded), optimizers, strict=True):
            optimizer.zero_grad()
            model(torch.ones(1, 3, dtype=model.weight.dtype)).pow(2).sum().backward()
            optimizer.step()

    step()
    moved.double()
    loaded.double()
    optimizers[1].load_state_dict(optimizers[1].state_dict())
    step()
    state = optimizers[0].state[moved.weight]
    assert {state[name].dtype for name in rule.memory} == {torch.float64}
    torch.testing.assert_close(moved.weight, loaded.weight, rtol=0, atol=0)
    assert set(state) == {*rule.memory, *(["step"] if rule.counts_steps else [])}
    assert state.get("step", 2) == 2


@pytest.mark.parametrize("rule", REMEMBERING)
@pytest.mark.parametrize("foreach", [True, False])
def test_memory_follows_its_parameter_to_another_device(
    rule: type[UpdateRule], foreach: bool
) -> None:
    """To "meta", which every machine has, while another parameter of the group stays."""
    thetas = [nn.Parameter(torch.zeros(3)) for _ in range(3)]
    optimizers = [
        rule(group, **arguments(rule), foreach=foreach) for group in (thetas[:2], thetas[2:])
    ]
    for device in ("cpu", "meta"):
        for optimizer in optimizers:
            optimizer.zero_grad()
        if device == "meta":
            torch.utils.swap_tensors(thetas[0], nn.Parameter(torch.zeros(3, device=device)))
        for theta in thetas:
            theta.grad = torch.ones_like(theta)
        for optimizer in optimizers:
            optimizer.step()
        state = optimizers[0].state[thetas[0]]
        assert {state[name].device.type for name in rule.memory} == {device}
    torch.testing.assert_close(thetas[1], thetas[2], rtol=0, atol=0)  # as it goes alone


@every_rule
def test_what_has_no_gradient_is_left_alone(rule: type[UpdateRule], parameters: Parameters) -> None:
    thetas, before = parameters(), parameters()
    optimizer = rule(thetas, **arguments(rule))
    optimizer.step()
    thetas[0].grad = torch.ones_like(thetas[0])
    optimizer.step()
    torch.testing.assert_close(thetas[1:], before[1:], rtol=0, atol=0)
    assert not torch.equal(thetas[0], before[0])
    assert set(optimizer.state) == ({thetas[0]} if rule.memory else set())


@every_rule
@pytest.mark.parametrize("foreach", [True, False])
def test_one_group_may_mix_precisions_and_ages(
    rule: type[UpdateRule], foreach: bool, parameters: Parameters, loss_at: LossAt
) -> None:
    """Each goes as it goes alone."""

    def run(make: Callable[[list[nn.Parameter]], list[UpdateRule]]) -> list[nn.Parameter]:
        thetas = parameters()
        thetas[::2] = [nn.Parameter(theta.float()) for theta in thetas[::2]]
        optimizers = make(thetas)
        for step in range(6):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss_at(thetas[: step + 1], step).backward()  # one more joins at each step
            for optimizer in optimizers:
                optimizer.step()
        return thetas

    options = {**arguments(rule), "foreach": foreach}
    together = run(lambda thetas: [rule(thetas, **options)])
    alone = run(lambda thetas: [rule([theta], **options) for theta in thetas])
    torch.testing.assert_close(together, alone, rtol=0, atol=0)
    assert [theta.dtype for theta in together[:2]] == [torch.float32, torch.float64]


@every_rule
def test_a_schedule_may_change_the_rate(rule: type[UpdateRule]) -> None:
    theta, other = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))
    optimizer = rule([theta], lr=1.0)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.0)
    by_hand = rule([other], lr=1.0)
    for step in range(3):
        theta.grad = torch.ones(())
        optimizer.step()
        schedule.step()
        other.grad = torch.ones(())
        by_hand.param_groups[0]["lr"] = 0.0 if step else 1.0
        by_hand.step()
        assert theta.item() == other.item() != 0


@every_rule
def test_takes_named_parameters(rule: type[UpdateRule]) -> None:
    model = nn.Linear(2, 1)
    optimizer = rule(model.named_parameters(), **arguments(rule))
    model(torch.ones(1, 2)).sum().backward()
    before = model.weight.detach().clone()
    optimizer.step()
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert not torch.equal(model.weight, before)


RATES = [-0.1, float("nan"), float("inf")]
SHARES = [-0.1, 1.0, float("nan"), float("inf")]
BAD = [
    *(("lr", value, f"zero or more, not {value}") for value in RATES),
    *(
        (name, value, f"zero or more, not {value}")
        for name in ("weight_decay", "eps", "l1", "l2")
        for value in RATES
    ),
    *(
        (name, value, f"at least 0 and below 1, not {value}")
        for name in ("momentum", "dampening", "alpha")
        for value in SHARES
    ),
    *(
        ("betas", pair, f"two numbers, each at least 0 and below 1, not {pair}")
        for value in SHARES
        for pair in [(value, 0.9), (0.9, value)]
    ),
]
NO_NUMBERS = [
    *((name, "fast", "a number, not 'fast'") for name in OPTIONS if name != "betas"),
    ("lr", None, "a number, not None"),
    ("lr", torch.tensor(0.1), "a number, not tensor(0.1000)"),
    *(("betas", value, f"two numbers, not {value}") for value in (0.9, (0.9,), (0.9, 0.9, 0.9))),
    ("betas", (0.9, "0.999"), "two numbers, not (0.9, '0.999')"),
]


@every_rule
@pytest.mark.usefixtures("without_shape_checks")
def test_refuses_hyperparameters_by_name(rule: type[UpdateRule], parameters: Parameters) -> None:
    tried = set()
    for error, cases in ((ValueError, BAD), (TypeError, NO_NUMBERS)):
        for name, value, message in cases:
            if name not in rule.hyperparameters:
                continue
            tried.add(name)
            with pytest.raises(error, match=f"^{name} must be .*{re.escape(message)}"):
                rule(parameters(), **arguments(rule, **{name: value}))
            with pytest.raises(error, match=f"^{name} must be"):
                rule([{"params": parameters(), name: value}], **arguments(rule))
            optimizer = rule(parameters(), **arguments(rule))
            with pytest.raises(error, match=f"^{name} must be"):
                optimizer.add_param_group({"params": parameters(), name: value})
            assert len(optimizer.param_groups) == 1
    assert tried == set(rule.hyperparameters)


@every_rule
def test_takes_the_ends_of_the_ranges(rule: type[UpdateRule], parameters: Parameters) -> None:
    zero = {name: 0 if name != "betas" else [0, 0.0] for name in rule.hyperparameters}
    rule([{"params": parameters(), **zero}], lr=0)


@every_rule
@pytest.mark.parametrize("foreach", [True, False])
def test_refuses_a_sparse_gradient(rule: type[UpdateRule], foreach: bool) -> None:
    layer = nn.Embedding(5, 2, sparse=True)
    optimizer = rule(layer.parameters(), **arguments(rule), foreach=foreach)
    layer(torch.tensor([1, 3])).sum().backward()
    message = (
        rf"a gradient of shape \(5, 2\) is sparse, and {rule.__name__} takes dense ones only: "
        "make the layer with sparse=False"
    )
    with pytest.raises(ValueError, match=message):
        optimizer.step()


@pytest.mark.parametrize("rule", REMEMBERING)
def test_a_step_that_was_refused_does_not_count(rule: type[UpdateRule]) -> None:
    theta, layer = nn.Parameter(torch.zeros(2)), nn.Embedding(5, 2, sparse=True)
    optimizer = rule([theta, layer.weight], **arguments(rule))
    theta.grad = torch.ones(2)
    optimizer.step()
    before = copy.deepcopy((theta, optimizer.state[theta]))
    layer(torch.tensor([1])).sum().backward()
    with pytest.raises(ValueError, match="is sparse"):
        optimizer.step()
    torch.testing.assert_close((theta, optimizer.state[theta]), before, rtol=0, atol=0)


@every_rule
def test_refuses_a_complex_gradient(rule: type[UpdateRule]) -> None:
    theta = nn.Parameter(torch.zeros(3, dtype=torch.complex64))
    theta.grad = torch.ones_like(theta)
    message = rf"a gradient of shape \(3,\) is complex, and {rule.__name__} takes real ones only"
    with pytest.raises(ValueError, match=message):
        rule([theta], **arguments(rule)).step()


@every_rule
def test_refuses_fewer_gradients_than_parameters(rule: type[UpdateRule]) -> None:
    tensors = [[torch.zeros(3), torch.zeros(2)], [torch.zeros(3)]]
    tensors += [[torch.zeros(3), torch.zeros(2)] for _ in rule.memory]
    options = {**arguments(rule), **({"step": 1} if rule.counts_steps else {})}
    for update in (rule.explicit_update, rule.foreach_update):
        with pytest.raises((ValueError, RuntimeError), match=r"same number|shorter|longer"):
            update(*tensors, **options)
