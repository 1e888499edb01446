"""The steps of device binding, by number: Adobe's sequence of thirteen, and step 0 before it.

Errors, journals, recordings and docs say these numbers. Step 4 is ExpressPlay's answer as well; in the second half it
is a step of its own, so a license that is asked for in 11 is decided in 12 and answered in 13.
"""

from enum import IntEnum


class Step(IntEnum):
    """One arrow of the sequence. (`walkthrough/record/steps.py` has its words.)"""

    READ_DUMMY = 0
    ASK_TO_REGISTER = 1
    ORDER_COOKIE_TOKEN = 2
    HAND_ON_COOKIE_TOKEN = 3
    SEND_SPC_TO_REGISTER = 4
    LOG_DEVICE = 5
    ASK_TO_PLAY = 6
    ASK_FOR_RECORDS = 7
    LOOK_UP_RECORDS = 8
    ORDER_DEVICE_TOKEN = 9
    HAND_ON_DEVICE_TOKEN = 10
    SEND_SPC_TO_PLAY = 11
    COMPARE_DEVICES = 12
    ANSWER_WITH_CKC = 13
