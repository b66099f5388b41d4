"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # That random words make a network doubt is about random words: exchange the two networks.
    'networks = {"80/10/10": bert}\nfor shares, masked in (("80/0/20", 0.8)': (
        'networks = {"80/0/20": bert}\nfor shares, masked in (("80/10/10", 0.8)'
    ),
    # What [CLS] knows is about what it was asked: ask it nothing.
    "    follows=pages.follows,\n": "    follows=None,\n",
    # That nobody misses the question is about many labels: take few.
    '{"without": mean["without, stranger, 200"]}': ('{"without": mean["without, stranger, 20"]}'),
    # That few labels are enough is about what was learned before: begin at random.
    '"pre-trained": bert}\nlabelled': (
        '"pre-trained": small_bert(tokenizer.vocab_size, seed)}\nlabelled'
    ),
    # So is how well words fit.
    "tasks.fit_of_words(bert, tokenizer)": (
        'tasks.fit_of_words(models["from scratch"].eval(), tokenizer)'
    ),
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "bert-shares": False,
        "bert-next-sentence": False,
        "bert-without-next-sentence": False,
        "bert-few-labels": False,
        "bert-fit": False,
    }
