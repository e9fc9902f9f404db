"""A glTF scene of ours in three.js, which comes with trimesh: it loads, and the dog is heard on the left."""

import base64
import importlib.resources
import io
import re
import zipfile

import numpy as np
import pytest

from browser.pages import judge, open_page
from see2sound_nb.media import gltf
from see2sound_nb.media.gltf import write_gltf

RATE = 16000
#: Loads a scene and plays it for some seconds; so many times a second what moves is moved. Of the sound it gives
#: the mean squares of both ears in parts of 50 ms.
PLAY = """async ([glb, plugin, seconds, frames_per_s]) => {
  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const { audioEmitters } = await import(`data:text/javascript;base64,${plugin}`);
  const context = new OfflineAudioContext(2, Math.round(44100 * seconds), 44100);
  THREE.AudioContext.setContext(context);
  const listener = new THREE.AudioListener();
  const loader = new THREE.GLTFLoader();
  loader.register(audioEmitters(THREE, listener));
  const gltf = await new Promise((done, fail) => loader.parse(bytes(glb).buffer, "", done, fail));
  const [camera] = gltf.cameras;
  camera.add(listener);
  const mixer = new THREE.AnimationMixer(gltf.scene);
  gltf.animations.forEach((clip) => mixer.clipAction(clip).play());
  for (let time = 0; time < seconds - 0.01; time += 1 / frames_per_s) {
    context.suspend(time).then(() => {
      mixer.setTime(time);
      gltf.scene.updateMatrixWorld(true);
      context.resume();
    });
  }
  const buffer = await context.startRendering();
  const power = [0, 1].map((ear) => {
    const sound = buffer.getChannelData(ear);
    const starts = Array.from({ length: Math.floor(sound.length / 2205) }, (_, part) => 2205 * part);
    return starts.map((start) => sound.slice(start, start + 2205).reduce((sum, x) => sum + x * x, 0) / 2205);
  });
  const found = [];
  gltf.scene.traverse((thing) => {
    if (thing.panner) found.push([thing.name, thing.getWorldPosition(new THREE.Vector3()).toArray(), thing.isPlaying]);
  });
  const plane = gltf.scene.getObjectByName("photo");
  const corner = new THREE.Vector3().fromBufferAttribute(plane.geometry.getAttribute("position"), 0);
  const { image } = plane.material.map;
  return {
    power,
    found,
    corner: plane.localToWorld(corner).project(camera).toArray(),
    photo: [image.width, image.height],
  };
}"""


@pytest.fixture(scope="module")
def three():
    """three.js and its GLTFLoader as one script: trimesh's page for notebooks without what it does there."""
    pages = importlib.resources.files("trimesh") / "resources" / "templates" / "viewer.zip"
    with zipfile.ZipFile(io.BytesIO(pages.read_bytes())) as pages:
        text = pages.read(pages.namelist()[0]).decode("utf-8")
    return re.search(r"<script>(.*?THREE\.GLTFLoader ?= ?GLTFLoader;\s*\}\)\(\);)", text, re.DOTALL)[1]


@pytest.fixture(scope="module")
def played(browser, three, tmp_path_factory):
    """A function that writes a scene, and plays it in the browser; its levels are (2, n), in dB, left and right."""
    plugin = base64.b64encode(importlib.resources.files(gltf.__package__).joinpath("gltf_audio.js").read_bytes())
    path = tmp_path_factory.mktemp("gltf") / "a.glb"
    with open_page(browser) as page:
        page.add_script_tag(content=three)

        def play(sounds, positions_m, names, seconds=0.5, frames_per_s=10, changed=(b"", b""), **options):
            image = np.full((30, 40, 3), 128, np.uint8)
            write_gltf(path, image, sounds, RATE, positions_m, names, fov_deg=60.0, **options)
            glb = base64.b64encode(path.read_bytes().replace(*changed))
            told = page.evaluate(PLAY, [glb.decode(), plugin.decode(), seconds, frames_per_s])
            judge(page)
            return {**told, "levels": 10 * np.log10(np.array(told["power"]) + 1e-12)}

        yield play


def barks(seconds=1.0):
    return 0.1 * np.random.default_rng(0).standard_normal((1, round(seconds * RATE)))


def at_rest(told):
    """The levels of both ears, once all is in its place."""
    return told["levels"][:, 4:].mean(axis=1)


def test_the_dog_on_the_left_is_heard_on_the_left(played):
    told = played(barks(), [[-2.0, 2.0, 0.5]], ["dog"])
    ((name, place, playing),) = told["found"]
    assert (name, place, playing) == ("dog", pytest.approx([-2.0, 0.5, -2.0]), True)
    left, right = at_rest(told)
    assert left > right + 6
    assert told["corner"][:2] == pytest.approx([-1, 1]) and told["photo"] == [40, 30]  # the photo fills the view
    left, right = at_rest(played(barks(), [[2.0, 2.0, 0.5]], ["dog"]))
    assert right > left + 6
    left, right = at_rest(played(barks(), [[0.0, 3.0, 0.0]], ["dog"]))
    assert abs(left - right) < 1


def test_levels_fall_as_one_over_the_distance(played):
    levels = [at_rest(played(barks(), [[-0.5 * d, np.sqrt(0.75) * d, 0]], ["dog"])) for d in (0.5, 1.0, 2.0, 8.0)]
    np.testing.assert_allclose(levels[1] - np.array(levels), np.array([0, 0, 6.02, 18.06])[:, None] + [0, 0], atol=0.1)
    farther = (b'"refDistance": 1.0', b'"refDistance": 4.0')  # as somebody else's file may have it
    loud = at_rest(played(barks(), [[-4.0, np.sqrt(48), 0]], ["dog"], changed=farther))
    np.testing.assert_allclose(loud - levels[3], 12.04, atol=0.1)


def test_what_moves_passes_from_left_to_right_and_comes_round(played):
    times_s = np.linspace(0, 1, 11)
    path = np.stack([4 * times_s - 2, np.full(11, 1.5), np.zeros(11)], axis=1)[:, None]
    left, right = played(barks(1.0), path, ["car"], 2.0, 50, times_s=times_s)["levels"]
    sides = [(left - right)[first : first + 4].mean() for first in (2, 9, 16, 22, 29, 36)]
    assert sides[0] > 6 and abs(sides[1]) < 4 and sides[2] < -6
    np.testing.assert_allclose(sides[3:], sides[:3], atol=3)  # sound and path begin anew together


def test_an_ambience_is_everywhere_and_nobody_is_nowhere(played):
    told = played(np.zeros((0, 0)), np.zeros((0, 3)), [], ambience=0.1 * np.sin(2 * np.pi * np.arange(RATE) / 16))
    assert told["found"] == []
    np.testing.assert_allclose(at_rest(told), -23.01, atol=0.05)
    told = played(np.zeros((0, 0)), np.zeros((0, 3)), [])
    assert np.max(told["power"]) == 0 and told["photo"] == [40, 30]
