"""The command line: what it writes, what it prints, and exit code 2 with one line for bad input."""

import importlib.util
import json
import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import soundfile
from PIL import Image

from see2sound_nb import cli, cli_photo, scene
from see2sound_nb.exporting import EXPORTS
from see2sound_nb.media.pictures import demo_photo
from see2sound_nb.media.sound_files import SUBTYPES
from see2sound_nb.models.table import MODELS, PRESETS
from see2sound_nb.pipeline import See2Sound
from see2sound_nb.places.lifting import DEFAULT_FOV_DEG
from see2sound_nb.render.channels import MASTER_PEAK_DB, render_channels
from see2sound_nb.render.layouts import LAYOUTS
from see2sound_nb.scene import Scene
from see2sound_nb.sounds.ambience import AMBIENCE_LEVEL_DB
from see2sound_nb.sounds.sound_classes import NAMES

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def one_pipeline(monkeypatch, pipeline):
    """Models are loaded once for all tests of this file."""
    monkeypatch.setattr(
        cli_photo,
        "See2Sound",
        lambda preset, **others: pipeline if preset == "tiny" else See2Sound(preset=preset, **others),
    )


def test_writes_a_wav_and_a_report(tmp_path, capsys):
    out = tmp_path / "a.wav"
    assert cli.main([str(demo_photo()), "-o", str(out), "--sources", "2", "--seed", "3", "--json"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["seed"] == 3
    assert report["ambience"]["kind"] in NAMES
    assert report["ambience"]["below_sources_db"] == -AMBIENCE_LEVEL_DB
    assert report["output"]["channels"] == ["FL", "FR", "FC", "LFE", "SL", "SR"]
    info = soundfile.info(out)
    assert (info.channels, info.samplerate) == (6, 16000)
    assert "audio" in printed.err, "progress goes to standard error"


def test_prints_what_it_heard(tmp_path, capsys):
    form = ["--layout", "7.1.4", "--sample-rate", "48000", "--subtype", "PCM_24"]
    assert cli.main([str(demo_photo()), "-o", str(tmp_path / "a.wav"), *form, "--sources", "1"]) == 0
    text = capsys.readouterr().out
    assert "azimuth" in text
    assert "m away" in text
    assert "\nAll around: " in text
    assert "master gain" in text
    info = soundfile.info(tmp_path / "a.wav")
    assert (info.channels, info.samplerate, info.subtype) == (12, 48000, "PCM_24")


def test_the_ambience_can_be_left_out(tmp_path, capsys):
    form = ["--sources", "1", "--layout", "stereo", "--no-ambience", "--json"]
    assert cli.main([str(demo_photo()), "-o", str(tmp_path / "a.wav"), *form]) == 0
    assert json.loads(capsys.readouterr().out)["ambience"] is None


def test_the_scene_is_rendered_once(tmp_path, monkeypatch):
    calls = []
    played = render_channels
    monkeypatch.setattr(scene, "render_channels", lambda A, h: calls.append(len(A)) or played(A, h))
    monkeypatch.setattr(Scene, "describe", lambda _: "")  # its levels are convolutions, too
    monkeypatch.setattr(Scene, "heard", lambda _: np.ones((1, 8000), np.float32))
    assert cli.main([str(demo_photo()), "-o", str(tmp_path / "a.wav"), "--sources", "1"]) == 0
    assert len(calls) == 1
    peak = np.abs(soundfile.read(tmp_path / "a.wav")[0]).max()
    assert 20 * np.log10(peak) == pytest.approx(MASTER_PEAK_DB, abs=0.01)


def bad_photo(folder, kind):
    path = folder / "photo.jpg"
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("hello")
    elif kind == "truncated":
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300, 3), np.uint8)).save(path)
        path.write_bytes(path.read_bytes()[:5000])
    return path


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "truncated"])
def test_a_bad_photo_is_one_line_and_exit_code_2(tmp_path, capsys, kind):
    out = tmp_path / "out"
    out.mkdir()
    photo = bad_photo(tmp_path, kind)
    assert cli.main([str(photo), "-o", str(out / "a.wav")]) == 2
    printed = capsys.readouterr()
    errors = [line for line in printed.err.splitlines() if "error" in line]
    assert len(errors) == 1
    assert str(photo) in errors[0]
    assert printed.out == ""
    assert os.listdir(out) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sources", "0"], "sources=0"),
        (["--layout", "9.1"], "9.1"),
        (["--preset", "huge"], "huge"),
        (["-o", "nowhere/a.wav"], "nowhere"),
        (["--geometry", "flat"], "flat"),
        (["--sample-rate", "4000"], "sample_rate=4000"),
        (["--subtype", "MP3"], "MP3"),
        (["--fov", "200"], "fov_deg=200"),
        (["-o", "a.mp3"], "a.mp3 must end with .wav or .flac"),
        (["-o", "a.flac", "--layout", "hoa3"], "at most 8 channels"),
        (["-o", f"{'a' * 300}.wav"], "choose a shorter one"),
    ],
)
def test_bad_options_are_named(tmp_path, capsys, monkeypatch, options, message):
    monkeypatch.chdir(tmp_path)
    assert cli.main([str(demo_photo()), *options]) == 2
    assert message in capsys.readouterr().err
    assert os.listdir(tmp_path) == []


def test_an_interrupted_run_writes_nothing(tmp_path, capsys, monkeypatch, pipeline):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "run", stop)
    assert cli.main([str(demo_photo()), "-o", str(tmp_path / "a.wav")]) == cli.INTERRUPTED
    assert os.listdir(tmp_path) == []


def test_an_interrupt_that_comes_when_all_is_written_says_so(tmp_path, capsys, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(Scene, "report", stop)  # after the file has its name
    output = tmp_path / "a.wav"
    assert cli.main([str(demo_photo()), "-o", str(output), "--sources", "1"]) == cli.INTERRUPTED
    assert f"{output} was written, and is whole" in capsys.readouterr().err
    assert soundfile.info(output).channels == 6


def test_the_photo_itself_is_never_written_over(tmp_path, capsys):
    photo, link = tmp_path / "mine.wav", tmp_path / "link.wav"
    photo.write_bytes(demo_photo().read_bytes())
    link.symlink_to(photo)
    for given, output in ((photo, photo), (link, photo)):
        assert cli.main([str(given), "-o", str(output)]) == cli.BAD_INPUT
        assert "is the input" in capsys.readouterr().err
    assert photo.read_bytes() == demo_photo().read_bytes()


def test_a_flac_is_written_by_its_name(tmp_path):
    assert cli.main([str(demo_photo()), "-o", str(tmp_path / "a.flac"), "--sources", "1", "--fov", "75"]) == 0
    assert soundfile.info(tmp_path / "a.flac").format == "FLAC"


def test_the_models_are_listed_as_a_table(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "sam_vit_b_01ec64.pth").touch()
    assert cli.main(["models"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "task", "MB", "licence", "here", "presets", "kept", "at"]
    assert [row.split()[0] for row in rows] == list(MODELS)
    table = {row.split()[0]: row for row in rows}
    columns = [head.index(name) for name in ("task", "licence", "here", "presets", "kept at")]

    def cells(name):
        return [table[name][a:b].strip() for a, b in zip(columns, [*columns[1:], None])]

    task, *rest = cells("sam-vit-b")
    assert task.split() == ["segmentation", "375"]
    assert rest == ["Apache-2.0", "yes", "small", str(tmp_path / "cache" / "sam_vit_b_01ec64.pth")]
    assert cells("sam-vit-h")[2:4] == ["no", "paper"]
    assert cells("tiny-codi")[2:] == ["yes", "tiny, small", "in the package"]
    assert cells("depth-anything-v2-large")[1] == "CC-BY-NC-4.0 (non-commercial)"
    assert cells("depth-pro")[0].split()[:2] == ["depth", "(metres)"]
    assert all(row[c - 1] == " " != row[c] for row in rows for c in columns), "aligned"


def test_the_list_takes_no_other_words(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["models", "photo.jpg"])
    assert caught.value.code == cli.BAD_INPUT
    assert "photo.jpg" in capsys.readouterr().err


def test_a_photo_of_a_commands_name_is_still_a_photo(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["./models"]) == cli.BAD_INPUT
    assert "no photo at ./models" in capsys.readouterr().err


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "see2sound_nb", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("see2sound_nb ")


def test_models_are_chosen_by_name_and_what_matters_is_said(capsys, monkeypatch):
    chosen = {}

    class Warns:
        def __init__(self, **names):
            chosen.update(names)

        def run(self, *_, **__):
            warnings.warn("this will take about 7 minutes on this CPU", stacklevel=1)
            warnings.warn("depth-pro: its licence (Apple AMLR) forbids commercial use", stacklevel=1)
            warnings.warn("of no interest", stacklevel=1)
            raise ValueError("the end")

    monkeypatch.setattr(cli_photo, "See2Sound", Warns)
    assert cli.main([str(demo_photo()), "--depth", "depth-pro", "--audio", "tiny-codi"]) == cli.BAD_INPUT
    assert chosen == {"preset": "tiny", "segmentation": None, "depth": "depth-pro", "audio": "tiny-codi"}
    said = capsys.readouterr().err.splitlines()
    assert said[:2] == [
        "this will take about 7 minutes on this CPU",
        "depth-pro: its licence (Apple AMLR) forbids commercial use",
    ]
    assert "of no interest" not in said


def test_too_little_memory_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(See2Sound, "run", lambda *_, **__: (_ for _ in ()).throw(MemoryError()))
    for options, remedy in (
        ([], "the tiny models are the smallest: close other programs, or give a smaller photo"),
        (["--preset=tiny", "--depth", "depth-pro"], "choose smaller models, such as --preset tiny"),
        (["--preset", "small"], "choose smaller models, such as --preset tiny"),
        (["--preset", "paper"], "choose smaller models, such as --preset small"),
    ):
        assert cli.main([str(demo_photo()), *options]) == cli.BAD_INPUT
        assert f"not enough memory; {remedy}" in capsys.readouterr().err
    said = "[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 B"
    for error in (RuntimeError(said), ImportError("cv2.so: failed to map segment from shared object")):
        monkeypatch.setattr(See2Sound, "run", lambda *_, error=error, **__: (_ for _ in ()).throw(error))
        assert cli.main([str(demo_photo())]) == cli.BAD_INPUT
        assert "not enough memory; the tiny models are the smallest" in capsys.readouterr().err
    monkeypatch.setattr(See2Sound, "run", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("of another kind")))
    with pytest.raises(RuntimeError, match="of another kind"):
        cli.main([str(demo_photo())])
    monkeypatch.setattr(See2Sound, "run", lambda *_, **__: (_ for _ in ()).throw(MemoryError("lower max_order")))
    assert cli.main([str(demo_photo())]) == cli.BAD_INPUT
    assert "not enough memory; lower max_order" in capsys.readouterr().err


def test_the_words_of_the_help_are_those_of_the_package():
    given = {action.dest: action for action in cli.parser()._actions}
    for option, known in (("layout", [*LAYOUTS, *EXPORTS]), ("subtype", SUBTYPES), ("preset", PRESETS)):
        words = re.sub(r"\(default.*|of the WAV:|or for other programs:", "", given[option].help)
        assert re.findall(r"[\w.]+", words) == list(known)
    assert given["fov"].default == DEFAULT_FOV_DEG
    assert all(importlib.util.find_spec(f"see2sound_nb.cli_{name}") for name in cli.COMMANDS)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["models"]])
def test_what_needs_no_model_waits_for_none(words):
    code = (
        "import sys; from see2sound_nb.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit: pass\n"
        "print(sorted({'numpy', 'torch', 'scipy', 'PIL', 'matplotlib'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr.splitlines()[-1] == "[]"


def test_a_prompt_in_another_encoding_is_one_line_before_the_work(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(See2Sound, "model", None)
    words = [str(demo_photo()), "-o", str(tmp_path / "a.wav"), "--prompt", os.fsdecode(b"caf\xe9")]
    assert cli.main(words) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert "prompt='caf\\udce9' holds what is no character" in said and said.count("\n") == 1
