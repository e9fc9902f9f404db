"""The command line with clips: films and animations in, films and WAVs out, and work that is stopped."""

import json
import pathlib
import sys

import numpy as np
import pytest
import soundfile
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb import cli, cli_photo
from see2sound_nb.pipeline import See2Sound

av = pytest.importorskip("av")
pytestmark = pytest.mark.slow
SIZE = (320, 214)


@pytest.fixture(autouse=True)
def one_pipeline(monkeypatch, pipeline):
    """Models are loaded once for all tests of this file."""
    monkeypatch.setattr(
        cli_photo,
        "See2Sound",
        lambda preset, **others: pipeline if preset == "tiny" else See2Sound(preset=preset, **others),
    )


def frames(count=12):
    """The demo photo, a little later each time: a camera that moves to the right."""
    whole = np.asarray(Image.open(s2s.demo_photo()).convert("RGB").resize((SIZE[0] + 40, SIZE[1])))
    return [whole[:, 2 * k : 2 * k + SIZE[0]] for k in range(count)]


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "clip.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for I in frames():
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(I), format="rgb24")))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def animation(tmp_path_factory):
    path = tmp_path_factory.mktemp("gif") / "clip.gif"
    first, *others = (Image.fromarray(I) for I in frames(8))
    first.save(path, save_all=True, append_images=others, duration=100, loop=0)
    return path


def pictures(path):
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def test_a_film_gets_its_sound_and_keeps_its_pictures(film, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main([str(film), "--sources", "1", "--seed", "3", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["output"]["path"] == "clip.sound.mp4"
    assert report["clip"]["frames"] == 12
    assert report["shots"][0]["ambience"] is not None
    for before, after in zip(pictures(film), pictures(tmp_path / "clip.sound.mp4"), strict=True):
        np.testing.assert_array_equal(before, after)
    with av.open(str(tmp_path / "clip.sound.mp4")) as file:
        (sound,) = file.streams.audio
        assert (sound.codec_context.name, sound.layout.name, sound.rate) == ("aac", "5.1", 48000)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.sound.mp4"], "nothing is left beside it"
    for step in ("shots", "things", "audio", "render"):
        assert step in printed.err


def test_an_animation_becomes_a_film_that_repeats(animation, tmp_path, capsys):
    out = tmp_path / "a.mp4"
    assert cli.main([str(animation), "-o", str(out), "--layout", "binaural", "--sources", "1"]) == 0
    assert "master gain" in capsys.readouterr().out
    assert len(pictures(out)) == 7 * 8  # 0.8 s, played until it has lasted 5 s
    with av.open(str(out)) as file:
        assert file.streams.audio[0].layout.name == "stereo"


def test_a_wav_alone(film, tmp_path):
    out = tmp_path / "a.wav"
    form = ["--layout", "foa", "--doppler", "--subtype", "FLOAT", "--sample-rate", "48000"]
    assert cli.main([str(film), "-o", str(out), *form, "--sources", "1"]) == 0
    info = soundfile.info(out)
    assert (info.channels, info.samplerate, info.frames) == (4, 48000, 24000)


def test_ambisonics_lie_beside_a_film(film, tmp_path, capsys):
    (tmp_path / "a.wav").write_text("somebody else's")
    assert cli.main([str(film), "-o", str(tmp_path / "a.mkv"), "--layout", "foa", "--sources", "1"]) == 0
    assert "Note: a.foa.wav holds the sound as foa" in capsys.readouterr().out
    assert soundfile.info(tmp_path / "a.foa.wav").channels == 4
    assert (tmp_path / "a.wav").read_text() == "somebody else's"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["-o", "{film}"], "is the input, and would be lost"),
        (["-o", "{folder}/a.mp3"], "must end with .wav or .flac, or for a film with"),
        (["-o", "{folder}/a.mp4", "--layout", "7.1.4"], "only a .mov can"),
        (["-o", "{folder}/a.mp4", "--original", "loud"], "original='loud' is unknown"),
        (["-o", "{folder}/a.mp4", "--geometry", "paper"], "clips need 'metric'"),
        (["-o", "{folder}/a.mp4", "--layout", "5.1", "--doppler"], "has no Doppler"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(film, tmp_path, capsys, words, why):
    words = [word.format(film=film, folder=tmp_path) for word in words]
    assert cli.main([str(film), *words]) == cli.BAD_INPUT
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("see2sound: error: ") and why in error
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"this is a text, not a film\n" * 50, bytes(range(256)) * 20])
def test_what_is_no_film_is_said(tmp_path, capsys, content):
    path = tmp_path / "clip.mp4"
    path.write_bytes(content)
    assert cli.main([str(path), "-o", str(tmp_path / "a.mp4")]) == cli.BAD_INPUT
    assert "clip.mp4" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir()] == ["clip.mp4"]


def test_without_pyav_one_line_says_how_to_get_it_and_animations_go_on(film, animation, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert cli.main([str(film), "-o", str(tmp_path / "a.wav")]) == cli.BAD_INPUT
    error = capsys.readouterr().err.strip().splitlines()
    assert error == ["see2sound: error: reading and writing films needs PyAV: pip install 'see2sound_nb[video]'"]
    assert cli.main([str(animation), "-o", str(tmp_path / "a.wav"), "--sources", "1"]) == 0
    assert soundfile.info(tmp_path / "a.wav").duration == pytest.approx(5.6, abs=1e-3)


def test_another_missing_module_is_a_fault_of_ours(monkeypatch):
    def broken(*_):
        raise ModuleNotFoundError("No module named 'nothing'")

    monkeypatch.setattr(cli_photo, "run", broken)
    with pytest.raises(ModuleNotFoundError, match="nothing"):
        cli.main(["photo.jpg"])


def test_what_was_done_is_kept_until_all_is_done(film, tmp_path, monkeypatch, pipeline, capsys):
    out = tmp_path / "a.mp4"
    with monkeypatch.context() as patch:

        def stop(*_, **__):
            raise KeyboardInterrupt

        patch.setattr(type(pipeline), "generate", stop)
        assert cli.main([str(film), "-o", str(out), "--sources", "1"]) == cli.INTERRUPTED
    assert "goes on from there" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == [".a.mp4.parts"]
    assert cli.main([str(film), "-o", str(out), "--sources", "1"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_a_film_of_one_frame_is_a_photo(tmp_path, capsys):
    path = tmp_path / "one.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "bgr0"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frames(1)[0]), format="rgb24")))
        out.mux(stream.encode())
    assert cli.main([str(path), "-o", str(tmp_path / "a.wav"), "--sources", "1", "--json"]) == 0
    assert "shots" not in json.loads(capsys.readouterr().out)
    assert pathlib.Path(tmp_path / "a.wav").exists()
