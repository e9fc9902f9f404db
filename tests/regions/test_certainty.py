"""One scale for what a detector and a classifier say."""

import numpy as np
import pytest

from see2sound_nb.media.pictures import demo_photo
from see2sound_nb.regions import certainty
from see2sound_nb.sounds.sound_classes import NAMES


def test_log_odds_and_back():
    for p in (0.001, 0.2, 0.5, 0.97):
        assert certainty.sigmoid(certainty.logit(p)) == pytest.approx(p)
    assert certainty.logit(0) == pytest.approx(-certainty.logit(1)) == pytest.approx(np.log(1e-3 / (1 - 1e-3)))


def test_more_that_speaks_for_it_is_more_probable():
    assert certainty.of_detection("person", 0.8, 0) > certainty.of_detection("person", 0.4, 1) > 0
    assert certainty.of_detection("dog", 0.5, 0.9) > certainty.of_detection("dog", 0.5, 0.1)
    least = certainty.of_sight("lion", 0.5, 0.5, 0.5)
    for better in ((0.9, 0.5, 0.5), (0.5, 0.9, 0.5), (0.5, 0.5, 0.9)):
        assert 1 > certainty.of_sight("lion", *better) > least
    assert certainty.of_sight("dog", 0.5, 0.5, 0.5) < least, "too many of the classifier's labels are dogs"


def test_kinds_with_a_constant_are_kinds():
    assert set(certainty.SEEN_OF_KIND) <= set(NAMES)


@pytest.fixture(scope="module")
def readings():
    return np.genfromtxt(demo_photo().parent / "readings.csv", delimiter=",", names=True)


def probabilities(rows):
    for row in rows:
        if row["detected"]:
            yield certainty.of_detection("person" if row["person"] else "dog", row["score"], row["agreement"])
        else:
            yield certainty.of_sight(NAMES[int(row["kind"])], row["patch"], row["whole"], row["overlap"])


@pytest.mark.parametrize("who", ["person", "thing", "seen"])
def test_of_all_that_is_said_with_a_probability_so_many_are_right(readings, who):
    """On the readings that the constants were fitted on; those of another fit, or of other photos, would be off."""
    chosen = {
        "person": readings["person"] == 1,
        "thing": (readings["detected"] == 1) & (readings["person"] == 0),
        "seen": readings["detected"] == 0,
    }[who]
    said, right = np.array(list(probabilities(readings[chosen]))), readings["right"][chosen]
    assert len(said) > 200
    for part in np.array_split(np.argsort(said, kind="stable"), 5):
        assert abs(said[part].mean() - right[part].mean()) < 0.12
    raw = readings["score"][chosen] if who != "seen" else readings["patch"][chosen]
    assert np.mean((said - right) ** 2) < np.mean((raw - right) ** 2), "the fit is worth its constants"
