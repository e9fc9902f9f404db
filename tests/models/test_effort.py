"""How long something will take, in words."""

import pytest

from see2sound_nb.models import effort


@pytest.mark.parametrize(("seconds", "words"), [
    (12, "about 12 seconds"), (75, "about 75 seconds"), (420, "about 7 minutes"), (7300, "about 2.0 hours"),
])  # fmt: skip
def test_durations_in_words(seconds, words):
    assert effort.describe(seconds) == words


def test_the_machine_does_some_work():
    assert effort.flops_per_second(0.05) > 1e8
