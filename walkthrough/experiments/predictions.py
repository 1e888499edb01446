"""What a learner can predict for each item of the lab, and which prediction comes true."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Prediction:
    """The choices, in the order shown, and the index of the right one."""

    choices: tuple[str, ...]
    right: int


PREDICTIONS: Mapping[str, Prediction] = {
    "other-device": Prediction(("SEES, at step 10", "ExpressPlay, at step 12", "Nobody: the film plays on B"), 1),
    "cookie-stolen-before": Prediction(("Only the thief", "Only the viewer", "Both"), 0),
    "cookie-stolen-after": Prediction(
        (
            "A still plays: the first registration counts",
            "B plays and A is out; a first-writer rule would keep A",
            "Both play until the token expires",
        ),
        1,
    ),
    "flipped-bit": Prediction(
        (
            "Yes: the integrity bytes no longer match their tag",
            "No: they still match, and HU has changed",
            "No, since HU cannot be changed without the key",
        ),
        1,
    ),
    "replayed-spc": Prediction(
        ("A license: device and token are good", "A refusal: this SPC was answered before", "SEES denies the token"), 1
    ),
    "signed-only": Prediction(
        ("Nothing that matters: it is signed", "Its own device id only", "The film's content key"), 2
    ),
    "play-before-registering": Prediction(
        ("SEES: there is no device to name", "ExpressPlay, at step 12", "Nobody: the first play registers"), 0
    ),
    "expired-token": Prediction(
        ("The device's own clock refuses", "ExpressPlay refuses, by its clock", "SEES refuses at step 10"), 1
    ),
    "other-content": Prediction(
        ("None: the content ids differ", "The dummy's: the SPC names it", "The film's: the token carries it"), 2
    ),
    "replayed-token": Prediction(
        (
            "Any device can redeem it again",
            "The bound device can, any other cannot",
            "Nobody can: a token is good for one time",
        ),
        1,
    ),
    "forgetful-sees": Prediction(
        ("ExpressPlay notices at step 12", "The device notices at step 13", "Nobody notices: B gets a license"), 2
    ),
    "full-window": Prediction(
        (
            "Nothing: its registration stays in the log",
            "It would be locked out, though registered",
            "Device B would be bound in its place",
        ),
        1,
    ),
}
