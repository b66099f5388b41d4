"""Each claim of the chapter turns when the thing that it is about is broken."""

import pytest

REPLACED = {
    # What features hold is about what was learned: take random ones.
    'measured={"h": score["h"], "random_h"': 'measured={"h": score["random h"], "random_h"',
    # That labels with the same changes come as far is about the changes: take a random network.
    '"augmented": score["augmented labels"], "plain"': '"augmented": score["random h"], "plain"',
    # Who is heard is about the temperature: leave it as it is.
    "_, push = forces(*views, temperature=tau)": "_, push = forces(*views, temperature=0.2)",
    # That a high temperature is worse is about the one that fits: compare it with itself.
    'hot = learn("temperature 3.0")': "hot = model",
    # What the head costs is about the place of the probe: put it before a head that is none.
    '"h": score["h"], "z": score["z"]}': '"h": score["bare"], "z": score["bare"]}',
    # What the head spares, too: put it behind the head.
    '"h": model.encoder, "z": study.looks(model)["z"]}': (
        '"h": study.looks(model)["z"], "z": study.looks(model)["z"]}'
    ),
    # That z can do with what it forgot is seen where the digit is silent: take the same network.
    '"lost_silent": score["told h"] - score["told z"]': '"lost_silent": score["h"] - score["z"]',
    # That a head is worth nothing is about a network that learned without: take one that did not.
    '"without": score["bare"]}': '"without": score["random h"]}',
    # What composed changes bring is about the views: compose both.
    'alone = learn("shift only")': "alone = model",
    # Larger batches win by the images that they see, and need them: exchange the rivals.
    '"of_16": h_of["16 pairs, 300 steps"]': '"of_16": h_of["256 pairs, 300 steps"]',
    '"of_16": h_of["16 pairs, 1200 steps"]': '"of_16": h_of["16 pairs, 300 steps"]',
    # What is attested is about the number of answers: ask among eight only.
    '"cap_8": math.log(8), "nats_500": nats[500]': '"cap_8": math.log(8), "nats_500": nats[8]',
    # Collapse is about those who push: let all push.
    'pulled = learn("all silent")': "pulled = model",
}


@pytest.mark.timeout(600)
def test_every_claim_turns_when_its_subject_is_broken(verdicts):
    assert verdicts(replaced=REPLACED) == {
        "simclr-labels": False,
        "simclr-supervised": True,
        "simclr-heard": False,
        "simclr-predicted": False,
        "simclr-temperature": False,
        "simclr-head": False,
        "simclr-spared": False,
        "simclr-forgotten": False,
        "simclr-no-head": True,
        "simclr-views": False,
        "simclr-batch-steps": False,
        "simclr-batch-images": True,
        "simclr-bound": False,
        "simclr-collapse": False,
    }
