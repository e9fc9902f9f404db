"""Heads from SOFA files, whole and damaged."""

import warnings

import numpy as np
import pytest
from render.heads_made import grid, head_made

from see2sound_nb.places.frames import directions, unit_vectors
from see2sound_nb.render import _sofa_child, sofa
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
    with pytest.warns(UserWarning, match="horizontal plane alone"):
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


def angles_of(vectors, metres):
    azimuth, elevation, _ = directions(vectors)
    return np.column_stack([azimuth, elevation, np.broadcast_to(metres, len(vectors))])


def spherical(path, responses, positions, **others):
    """A SOFA file in spherical coordinates."""
    content = {"Data.IR": responses, "SourcePosition": positions, **others}
    return with_type(write_sofa(path, **content), "spherical")


def with_type(path, kind, **how):
    import h5py

    with h5py.File(path, "r+") as file:
        del file["SourcePosition"].attrs["Type"]
        file["SourcePosition"].attrs.create("Type", kind, **how)
    return path


@pytest.fixture(scope="module")
def head():
    towards = grid(24)
    return towards, head_made(towards, FS)


def test_of_several_distances_one_is_heard_whole(tmp_path, head, rng):
    towards, far = head
    louder = 10 ** (-10 * towards[:, 0] / 20)  # near by, the nearer ear has 10 dB more and the farther one 10 dB less
    near = far * np.stack([louder, 1 / louder], axis=1)[..., None]
    middle = far * np.stack([louder, 1 / louder], axis=1)[..., None] ** 0.5
    positions = np.concatenate([angles_of(towards, metres) for metres in (3.0, 0.5, 1.01)])
    order = rng.permutation(len(positions))
    path = spherical(tmp_path / "all.sofa", np.concatenate([far, near, middle])[order], positions[order])
    with pytest.warns(UserWarning, match=r"measured at 0.5, 1.01, 3 m; 3 m is used: choose another with distance_m"):
        heard = load_hrtf(path, sample_rate=FS)
    assert heard.distance_m == 3.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for wanted, is_at, alone in ((None, 3.0, far), (0.1, 0.5, near), (0.7, 0.5, near), (1.0, 1.01, middle)):
            some = load_hrtf(path, sample_rate=FS, distance_m=wanted)
            assert some.distance_m == is_at and len(some.directions) == len(towards)
            only = load_hrtf(spherical(tmp_path / f"{is_at}.sofa", alone, angles_of(towards, is_at)), sample_rate=FS)
            circle = unit_vectors(np.arange(0.0, 360, 7), np.zeros(52))
            np.testing.assert_allclose(some.at(circle), only.at(circle), atol=1e-6)
    with pytest.raises(ValueError, match="distance_m=-1 must be a positive number"):
        load_hrtf(path, distance_m=-1)


def test_distances_that_tell_nothing_apart_are_left_alone(tmp_path, head, rng):
    towards, responses = head
    by_hand = angles_of(towards, 1.2 + rng.uniform(-0.1, 0.1, len(towards)))
    unknown = angles_of(towards, np.where(np.arange(len(towards)) < 3, 1.0, 0.0))
    for name, positions, metres in (
        ("hand", by_hand, 1.2),
        ("unknown", unknown, 1.0),
        ("0", 0 + by_hand * [1, 1, 0], 0),
    ):
        found = read_sofa(spherical(tmp_path / f"{name}.sofa", responses, positions))
        assert len(found.angles) == len(towards)
        assert found.distance_m is None if not metres else found.distance_m == pytest.approx(metres, abs=0.05)


def test_of_a_direction_measured_twice_the_first_is_heard(tmp_path, head):
    towards, responses = head
    positions = angles_of(towards, 1.4)
    again = positions[:5] + [360, 0, 0] + 1e-6
    path = spherical(tmp_path / "a.sofa", np.concatenate([responses, 2 * responses[:5]]), np.vstack([positions, again]))
    found = read_sofa(path)
    np.testing.assert_array_equal(found.responses, responses)
    above = np.column_stack([np.arange(0, 360, 30), np.full(12, 90), np.full(12, 1.4)])  # one direction, twelve names
    path = spherical(tmp_path / "b.sofa", np.concatenate([responses, responses[:1].repeat(12, 0)]),
                     np.vstack([positions, above]))  # fmt: skip
    assert len(read_sofa(path).angles) == len(towards)


def test_a_type_is_read_however_it_is_stored(tmp_path):
    import h5py

    path = write_sofa(tmp_path / "a.sofa")
    text = h5py.string_dtype()
    for kind, how in (
        (np.array(["cartesian"], dtype=object), dict(dtype=text)),  # as netCDF stores NC_STRING
        (np.bytes_("cartesian"), {}),
        (np.array([b"Cartesian\0"]), {}),
        ("CARTESIAN ", {}),
    ):
        np.testing.assert_allclose(read_sofa(with_type(path, kind, **how)).angles[1], [90, 45], atol=1e-9)
    for kind in ("polar", 3.0, np.array(["cartesian", "spherical"], dtype=object)):
        with pytest.raises(ValueError, match="'spherical' or 'cartesian'"):
            read_sofa(with_type(path, kind, **(dict(dtype=text) if isinstance(kind, np.ndarray) else {})))


def test_a_file_put_right_is_heard_right(tmp_path, head):
    towards, responses = head

    def ild_db():
        left, right = np.square(load_hrtf(tmp_path / "a.sofa", sample_rate=FS).at([-1.0, 0, 0])[0]).sum(axis=-1)
        return 10 * np.log10(left / right)

    spherical(tmp_path / "a.sofa", responses[:, ::-1], angles_of(towards, 1.0))
    with pytest.warns(UserWarning, match="louder at the right ear"):
        assert ild_db() < -3
    spherical(tmp_path / "a.sofa", responses, angles_of(towards, 1.0))
    assert ild_db() > 3
    assert load_hrtf(tmp_path / "a.sofa", sample_rate=FS) is load_hrtf(str(tmp_path / "a.sofa"), sample_rate=FS)


def test_what_was_not_measured_is_left_out_and_a_room_is_named(tmp_path, head):
    towards, responses = head
    some = responses.copy()
    some[[3, 7]] = 0
    with pytest.warns(UserWarning, match=f"silence in 2 of {len(towards)} directions"):
        found = read_sofa(spherical(tmp_path / "a.sofa", some, angles_of(towards, 1.0)))
    assert len(found.angles) == len(towards) - 2
    long = np.pad(responses, ((0, 0), (0, 0), (0, FS // 4)))
    with pytest.warns(UserWarning, match="the room it was measured in"):
        load_hrtf(spherical(tmp_path / "b.sofa", long, angles_of(towards, 1.0)), sample_rate=FS)
    half = towards[:, 1] > -0.1
    path = spherical(tmp_path / "c.sofa", responses[half], angles_of(towards[half], 1.0))
    with pytest.raises(ValueError, match=r"do not surround the head \(none is within \d+ degrees of azimuth 180\)"):
        load_hrtf(path, sample_rate=FS).at([0, 1.0, 0])


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_responses_of_any_scale_are_heard_alike(tmp_path, head, scale):
    towards, responses = head
    heads = [
        load_hrtf(spherical(tmp_path / f"{by}.sofa", by * responses, angles_of(towards, 1.0)), sample_rate=FS)
        for by in (1.0, scale)
    ]
    np.testing.assert_allclose(heads[1].responses, heads[0].responses, atol=1e-9)


def test_what_a_file_may_ask_for_has_bounds(tmp_path, monkeypatch):
    path = write_sofa(tmp_path / "a.sofa")
    late = {"Data.Delay": np.full((1, 2), 40000.0), "Data.SamplingRate": np.array([48000.0])}
    later = write_sofa(tmp_path / "late.sofa", **late)
    monkeypatch.setattr(sofa, "MOST_NUMBERS", 4000)
    with pytest.raises(ValueError, match="up to 40000 samples; take what is common"):
        read_sofa(later)
    monkeypatch.setattr(sofa, "MOST_NUMBERS", 300)
    with pytest.raises(ValueError, match=r"Data.IR holds \(4, 2, 40\) numbers, more than 300"):
        read_sofa(path)
    monkeypatch.undo()
    monkeypatch.setattr(sofa, "LONGEST_S", 0.2)
    (tmp_path / "lasts.py").write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(_sofa_child, "__file__", str(tmp_path / "lasts.py"))
    with pytest.raises(ValueError, match=r"could not be read within 0.2 s; it may be damaged"):
        read_sofa(path)
    monkeypatch.undo()
    (tmp_path / "ends.py").write_text("import os\nos._exit(9)\n")
    monkeypatch.setattr(_sofa_child, "__file__", str(tmp_path / "ends.py"))
    with pytest.raises(ValueError, match="it ended the HDF5 library"):
        read_sofa(path)


def test_a_file_gives_only_numbers_of_its_own(tmp_path):
    import h5py

    whole = write_sofa(tmp_path / "whole.sofa")
    for name, content in (("Data.IR", h5py.ExternalLink(whole.name, "Data.IR")), ("Data.Delay", "none")):
        path = write_sofa(tmp_path / f"{name}.sofa")
        with h5py.File(path, "r+") as file:
            if name in file:
                del file[name]
            file[name] = content
        with pytest.raises(ValueError, match=f"{name} (is not an array of this file|holds object)"):
            read_sofa(path)
