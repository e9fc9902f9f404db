"""The README's animation shows what is heard: a guitar that goes from the right to the left."""

import animation
import pytest
from PIL import Image

from see2sound_nb.places.frames import directions

pytestmark = pytest.mark.slow


def test_the_animation_is_made_of_a_scene_and_the_stored_one_is_of_its_kind(pipeline, tmp_path):
    scene = animation.make(tmp_path / "a.gif", pipeline)
    azimuth, _, _ = directions(scene.shots[0].paths_m[:, 0])
    assert azimuth[0] == pytest.approx(-20, abs=3) and azimuth[-1] == pytest.approx(20, abs=3)
    with Image.open(tmp_path / "a.gif") as made, Image.open(animation.PICTURE) as stored:
        assert stored.n_frames == made.n_frames == animation.FRAMES // 2
        assert stored.size == made.size and stored.info["loop"] == made.info["loop"] == 0
    assert animation.PICTURE.stat().st_size < 500_000
