"""Heads from SOFA files, whole and damaged."""

import numpy as np
import pytest

from see2sound_nb.render.hrtf import load_hrtf
from see2sound_nb.render.sofa import read_sofa

FS = 16000


def test_a_users_own_sofa_file_is_read(tmp_path, rng):
    import h5py

    responses = rng.normal(size=(4, 2, 64))
    with h5py.File(tmp_path / "mine.sofa", "w") as file:
        file["Data.IR"] = responses
        file["SourcePosition"] = np.array([[0, 0, 1], [90, 0, 1], [180, 0, 1], [270, 0, 1.0]])
        file["Data.SamplingRate"] = np.array([FS], float)
    hrtf = load_hrtf(tmp_path / "mine.sofa", sample_rate=FS)
    left = hrtf.responses[hrtf.nearest(np.array([-1.0, 0.1, 0]))]
    alike = [np.corrcoef(left.ravel(), response.ravel())[0, 1] for response in responses]
    assert np.argmax(alike) == 1 and alike[1] > 0.95  # not 1: equalised
    (tmp_path / "bad.sofa").write_text("no")
    with pytest.raises(ValueError, match="no SOFA file"):
        read_sofa(tmp_path / "bad.sofa")
    with pytest.raises(FileNotFoundError):
        load_hrtf(tmp_path / "missing.sofa")


def write_sofa(path, **others):
    """Four clicks, each 10 samples into its response, all around in SOFA's cartesian frame: x forward, y left, z up."""
    import h5py

    content = {
        "Data.IR": np.eye(40)[None, None, 10].repeat(2, axis=1).repeat(4, axis=0),
        "SourcePosition": np.array([[1.0, 0, 0], [0, 1, 1], [-1, 0, 0], [0, -1, 0]]),
        "Data.SamplingRate": np.array([FS], float),
        **others,
    }
    with h5py.File(path, "w") as file:
        for name, values in content.items():
            file[name] = values
        file["SourcePosition"].attrs["Type"] = "cartesian"
    return path


def test_a_sofa_file_in_cartesian_coordinates_has_left_on_the_left_and_up_above(tmp_path):
    angles, _, rate, _ = read_sofa(write_sofa(tmp_path / "a.sofa", **{"Data.SamplingRate": float(FS)}))
    np.testing.assert_allclose(angles, [[0, 0], [90, 45], [180, 0], [-90, 0]])
    assert rate == FS


def test_the_delays_of_a_sofa_file_are_in_its_responses(tmp_path):
    _, plain, *_ = read_sofa(write_sofa(tmp_path / "plain.sofa", **{"Data.Delay": np.zeros((1, 2))}))
    assert plain.shape == (4, 2, 40)
    delays = np.array([[0, 0], [0, 12], [3, 3], [7.5, 0]])
    _, later, *_ = read_sofa(write_sofa(tmp_path / "each.sofa", **{"Data.Delay": delays}))
    assert later.shape == (4, 2, 52)
    assert [np.argmax(row) for row in later[[0, 1, 1, 2], [0, 0, 1, 0]]] == [10, 10, 22, 13]
    np.testing.assert_allclose(later[3, 0], np.sinc(np.arange(52) - 17.5), atol=0.02)
    at_once = np.eye(40)[None, None, 0].repeat(2, axis=1).repeat(4, axis=0)
    _, half, *_ = read_sofa(
        write_sofa(tmp_path / "half.sofa", **{"Data.IR": at_once, "Data.Delay": np.full((1, 2), 0.5)})
    )
    assert np.abs(half[..., -5:]).max() < 0.02, "what rings before the click is not heard after it"
    _, common, *_ = read_sofa(write_sofa(tmp_path / "common.sofa", **{"Data.Delay": np.array([[0.0, 5.0]])}))
    assert (np.argmax(common, axis=-1) == [10, 15]).all()


@pytest.mark.parametrize(("name", "values", "message"), [
    ("SourcePosition", np.ones((3, 3)), "4 responses and positions"),
    ("Data.IR", np.zeros((4, 2, 8)), "silence, or NaN"),
    ("Data.IR", np.full((4, 2, 8), np.nan), "silence, or NaN"),
    ("Data.SamplingRate", np.array([0.0]), "sampling rate"),
    ("Data.Delay", np.array([[0.0, -1.0]]), "delays"),
    ("Data.Delay", np.zeros((3, 2)), "delays"),
])  # fmt: skip
def test_a_sofa_file_with_nonsense_is_refused(tmp_path, name, values, message):
    with pytest.raises(ValueError, match=message):
        read_sofa(write_sofa(tmp_path / "a.sofa", **{name: values}))
