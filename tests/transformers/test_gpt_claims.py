"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # Parameters are those of the sizes: halve GPT-3's width.
    "BlockConfig(12_288, 96, 4 * 12_288": "BlockConfig(6_144, 96, 4 * 6_144",
    # To read a fresh digit is learned from fresh sequences: let there be none. Then no network is
    # Bayes' rule over two sources, none says a fresh digit again, and no head looks for it.
    "pairs, seed=seed, **settings).ids\n    optimizer": (
        "pairs, seed=seed, **settings | {'share': 1.0}).ids\n    optimizer"
    ),
    # What a mixture gains is about two models: mix one with itself.
    "mixture = two_memories.mixed(nats, by_counts)": "mixture = two_memories.mixed(nats, nats)",
    # To go in circles is about the likeliest token: draw instead.
    '"greedy": None,': '"greedy": {},',
    # What is stored: let the GPT have the bits of the mixture.
    'measured={"GPT": mean["GPT"], "byte_pairs"': 'measured={"GPT": 1.0, "byte_pairs"',
    # Quick.
    "steps = at_scale(cpu=220": "steps = at_scale(cpu=20",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "gpt-parameters": False,
        "gpt-bayes": False,
        "gpt-induction": False,
        "gpt-heads": False,
        "gpt-ngram": True,
        "gpt-mixture": False,
        "gpt-degeneration": False,
    }
