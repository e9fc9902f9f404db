"""Scores of renderings whose worth is known."""

import json
import math

import numpy as np
import pytest
from evaluation.known_truth.scenes_made import make_scene
from scipy.io import wavfile

from see2sound_nb.cli_benchmark import run as run_command
from see2sound_nb.evaluation.known_truth.baselines import BASELINES, baseline, mirrored
from see2sound_nb.evaluation.known_truth.outputs import score_outputs
from see2sound_nb.evaluation.known_truth.positions import score_positions
from see2sound_nb.evaluation.known_truth.reading import SCORED, as_foa, layout_of, read_wav
from see2sound_nb.evaluation.known_truth.scene import read_scene
from see2sound_nb.evaluation.known_truth.scoring import MEASURES, describe, measure, score
from see2sound_nb.measure.direction import direction_from_foa
from see2sound_nb.media.sound_files import write_wav
from see2sound_nb.render.layouts import LAYOUTS

RATE = 48000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_scene(tmp_path_factory.mktemp("scenes") / "99", sources=((40.0, 3.0), (20.0, 6.0)))


@pytest.fixture(scope="module")
def scene(folder):
    return read_scene(folder)


@pytest.mark.parametrize("layout", ["foa", "hoa3", "5.1", "7.1.4", "binaural"])
def test_the_truth_scores_best_in_everything(scene, layout):
    values = {name: measure(baseline(name, scene, layout), RATE, layout, scene) for name in BASELINES}
    judged = [name for name, what in MEASURES.items() if what.better and not isinstance(values["truth"][name], str)]
    assert judged == (
        ["itd_error_us", "ild_error_db", "iacc_error"]
        if layout == "binaural"
        else ["direction_error_deg", "azimuth_error_deg", "map_correlation", "map_auc"]
    )
    for name in judged:
        truth = values["truth"][name]
        for other in ("mono", "always ahead", "random"):
            if not isinstance(values[other][name], str):
                assert MEASURES[name].better * (truth - values[other][name]) > 0, (name, other)
        assert MEASURES[name].better * (truth - values["mirrored"][name]) >= 0
    if layout in ("foa", "hoa3"):
        assert values["truth"]["direction_error_deg"] < 0.5 and values["truth"]["map_correlation"] > 0.9999
        assert values["mirrored"]["azimuth_deg"] == pytest.approx(-values["truth"]["azimuth_deg"])
        assert values["always ahead"]["azimuth_deg"] == pytest.approx(0, abs=0.01)


def test_mono_has_no_direction_and_says_so(scene):
    for layout in ("foa", "hoa2"):
        values = measure(baseline("mono", scene, layout), RATE, layout, scene)
        assert "from nowhere or everywhere" in values["direction_error_deg"]
        assert "same in all directions" in values["map_correlation"]
        assert math.isfinite(values["loudness_lufs"])
    one = measure(scene.dry[:1], RATE, "mono", scene)
    assert one["direction_error_deg"] == one["map_auc"] == "one channel has no direction"
    two = measure(np.tile(scene.dry[:1], (2, 1)), RATE, "stereo", scene)
    assert one["loudness_lufs"] == pytest.approx(two["loudness_lufs"] - 10 * np.log10(2), abs=0.01)
    assert two["azimuth_deg"] == pytest.approx(0, abs=1e-6) and "binaural" in two["itd_error_us"]


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "mono"])
def test_in_the_mirror_left_is_right(scene, layout):
    truth = baseline("truth", scene, layout)
    again = mirrored(mirrored(truth, layout), layout)
    assert np.array_equal(again, truth) and not np.array_equal(mirrored(truth, layout), truth)
    if layout != "binaural":
        left, right = (direction_from_foa(as_foa(x, layout)) for x in (truth, mirrored(truth, layout)))
        assert left[0] > 10 and right[0] == pytest.approx(-left[0]) and right[1] == pytest.approx(left[1])


def test_stereo_is_two_loudspeakers(scene):
    channels = np.zeros((2, RATE))
    channels[0] = scene.dry[0, :RATE]
    channels[0, 12000:] += scene.dry[0, 12000:RATE]
    values = measure(channels, RATE, "stereo", scene)
    assert values["azimuth_deg"] == pytest.approx(30)  # all of it from the left one


def test_silence_and_odd_files_give_reasons_or_one_clear_line(folder, scene, tmp_path):
    values = measure(np.zeros((4, RATE)), RATE, "foa", scene)
    assert set(values.values()) == {"the file is silent"}
    values = measure(np.array([[0.5], [0.1], [0.0], [0.4]]), RATE, "foa", scene)
    assert values["azimuth_deg"] == pytest.approx(np.degrees(np.arctan2(0.1, 0.4)))
    assert "0.4" in values["loudness_lufs"] or "second" in values["loudness_lufs"]
    one_ear = measure(np.array([[0.5, 0.1], [0.0, 0.0]]), RATE, "binaural", scene)
    assert one_ear["ild_error_db"] == "an ear hears nothing"
    with pytest.raises(ValueError, match="finite numbers"):
        measure(np.full((4, 9), np.nan), RATE, "foa", scene)
    wavfile.write(tmp_path / "nan.wav", RATE, np.full((9, 4), np.nan, np.float32))
    with pytest.raises(ValueError, match="NaN or infinite"):
        score(tmp_path / "nan.wav", folder)
    wavfile.write(tmp_path / "none.wav", RATE, np.zeros((0, 4), np.float32))
    with pytest.raises(ValueError, match=r"no sample|cannot be read"):
        score(tmp_path / "none.wav", folder)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(ValueError, match="cannot be read as a WAV"):
        score(tmp_path / "text.wav", folder)
    with pytest.raises(FileNotFoundError, match="no sound at"):
        score(tmp_path / "missing.wav", folder)
    with pytest.raises(FileNotFoundError, match=r"holds no truth\.json"):
        score(folder / "foa.wav", tmp_path)


def test_a_layout_is_told_by_channels_mask_or_word(tmp_path):
    told = {1: "mono", 2: "binaural", 4: "foa", 6: "5.1", 9: "hoa2", 12: "7.1.4", 16: "hoa3", 25: "hoa4", 36: "hoa5"}
    assert {count: layout_of(count) for count in told} == told
    assert layout_of(2, 0x3, "stereo") == "stereo" and set(SCORED) == {"mono", *LAYOUTS}
    for count, mask, layout, said in (
        (8, None, None, "no layout of 8 channels"),
        (4, 0x33, None, "mask is that of 4.0"),
        (4, None, "5.1", "has 4 channels, 5.1 has 6"),
        (4, None, "quad", "unknown"),
    ):
        with pytest.raises(ValueError, match=said):
            layout_of(count, mask, layout)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (6, 100))
    for subtype in ("PCM_16", "PCM_24", "FLOAT"):
        write_wav(tmp_path / "x.wav", noise, 44100, layout="5.1", subtype=subtype)
        channels, rate, mask = read_wav(tmp_path / "x.wav")
        assert rate == 44100 and mask == 0x60F and np.abs(channels - noise).max() < 1e-4


def test_a_score_is_json_without_nan_and_readable(folder, tmp_path, capsys):
    assert run_command(["score", str(folder / "foa.wav"), str(folder), "--json"]) == 0
    text = capsys.readouterr().out
    scored = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in the JSON"))
    assert scored["layout"] == "foa" and set(scored["measures"]) == set(MEASURES)
    assert set(scored["baselines"]) == set(BASELINES)
    for cell in (scored["measures"], *scored["baselines"].values()):
        assert all(entry["value"] is not None or entry["reason"] for entry in cell.values())
    assert run_command(["score", str(folder / "binaural.wav"), str(folder)]) == 0
    said = capsys.readouterr().out
    assert "taken for binaural" in said and "two ears are no map" in said and "mirrored" in said
    assert describe(score(folder / "5.1.wav", folder)).count("\n") > 6
    assert run_command(["sources"]) == 0
    assert "CC-BY-SA-3.0" in capsys.readouterr().out
    again = [score(folder / "foa.wav", folder, seed=seed)["baselines"]["random"] for seed in (0, 0, 1)]
    assert again[0] == again[1] != again[2]


def test_where_the_truth_errs_the_direction_is_no_judge(tmp_path):
    """5.1 is flat, and this source is not: a reason stands in place of the error, for the baselines too."""
    folder = make_scene(tmp_path / "99", sources=((10.0, 3.0),))
    truth = json.loads((folder / "truth.json").read_text())
    truth["direction"]["elevation_deg"] = 40.0
    (folder / "truth.json").write_text(json.dumps(truth))
    scored = score(folder / "5.1.wav", folder)
    for cell in (scored["measures"], scored["baselines"]["mirrored"]):
        assert "errs by 4" in cell["direction_error_deg"]["reason"]
        assert cell["azimuth_error_deg"]["value"] is not None


def test_level_and_rate_of_an_output_do_not_count(folder, scene):
    foa = scene.mixes["foa"]
    loud, slow = (measure(x, rate, "foa", scene) for x, rate in ((3 * foa, RATE), (foa[:, ::3], 16000)))
    whole = measure(foa, RATE, "foa", scene)
    assert loud["map_correlation"] == pytest.approx(whole["map_correlation"])
    assert loud["loudness_lufs"] == pytest.approx(whole["loudness_lufs"] + 20 * np.log10(3), abs=0.01)
    assert slow["azimuth_deg"] == pytest.approx(whole["azimuth_deg"], abs=3)


def test_a_system_over_scenes_has_means_numbers_and_intervals(folder, tmp_path, capsys):
    benchmark = folder.parent
    other = make_scene(benchmark / "98", sources=((-30.0, 3.0),))
    outputs = tmp_path / "outputs"
    outputs.mkdir()
    for name, source in (("99", folder), ("98", other)):
        (outputs / f"{name}.wav").write_bytes((source / "foa.wav").read_bytes())
        (outputs / f"{name}.csv").write_bytes((source / "seld/dcase2023.csv").read_bytes())
    result = score_outputs(outputs, benchmark)
    rows = {(row["measure"], row["of"]): row for row in result["groups"]["all"]}
    own, ahead = rows["direction_error_deg", "file"], rows["direction_error_deg", "always ahead"]
    assert own["n"] == ahead["n"] == 2 and own["high"] < 1 < ahead["low"] < ahead["mean"] < ahead["high"]
    assert rows["recall", "file"]["mean"] == rows["precision", "file"]["mean"] == 1
    assert set(result["groups"]) == {"all", "dev", "held out", "in the open", "all is seen"}
    write_wav(outputs / "98.wav", np.zeros((4, 9600)), RATE, layout="foa")
    result = score_outputs(outputs, benchmark)
    rows = {(row["measure"], row["of"]): row for row in result["groups"]["all"]}
    assert rows["map_auc", "file"]["n"] == rows["map_auc", "always ahead"]["n"] == 1  # silence improves nothing
    (outputs / "98.wav").unlink()
    assert run_command(["score", str(outputs), str(benchmark)]) == 0
    assert "No output for scenes 98." in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match="holds no output"):
        score_outputs(tmp_path, benchmark)
    with pytest.raises(FileNotFoundError, match="benchmark build"):
        score_outputs(outputs, tmp_path)


def test_places_are_paired_and_what_is_off_the_screen_does_not_count(tmp_path):
    source = lambda x, y, seen=True: dict(position_m=[x, y, 0.0], on_screen=seen)  # noqa: E731
    truth = dict(sources=[source(0.0, 4.0), source(-3.0, 3.0), source(5.0, -1.0, False)])
    lines = ["0,0,0,10,0,800", "0,1,0,75,0,424", "1,0,0,10,0,800"]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    found = score_positions(tmp_path / "x.csv", truth)
    assert found["recall"] == found["precision"] == 0.5  # 10 degrees beside, and 30
    assert found["angle_deg"] == pytest.approx(20)
    assert found["distance_ratio"] == pytest.approx(np.sqrt(2 * 4.2426 / 4.24), rel=1e-3)
    (tmp_path / "x.csv").write_text("\n".join([*lines, "2,2,0,180,0,300"]) + "\n")
    more = score_positions(tmp_path / "x.csv", truth)
    assert (
        more["recall"] == 0.5 and more["precision"] == pytest.approx(1 / 3) and more["angle_deg"] == found["angle_deg"]
    )
    (tmp_path / "x.csv").write_text("0,0,0,10,0\n")
    assert score_positions(tmp_path / "x.csv", truth)["distance_ratio"] is None
    (tmp_path / "x.csv").write_text("")
    assert score_positions(tmp_path / "x.csv", truth) == dict(
        recall=0.0, precision=None, angle_deg=None, distance_ratio=None
    )
