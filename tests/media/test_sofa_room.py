"""A room's responses as SOFA, read by sofar and by h5py: the file alone says where everything is."""

import sys

import h5py
import numpy as np
import pytest
import sofar
from browser.scenes import three_sources

from see2sound_nb.media.sofa_room import write_room_sofa


@pytest.fixture(scope="module")
def scene():
    return three_sources(max_order=3)


@pytest.fixture(scope="module")
def written(scene, tmp_path_factory):
    path = tmp_path_factory.mktemp("room") / "grün 1.sofa"
    room = scene.room
    assert path == write_room_sofa(
        path, scene.impulse_responses("foa"), scene.sample_rate, positions_m=scene.positions_m,
        room_size_m=room.size_m, listener_m=room.listener_m, description="walls of Møller: absorption 0.4",
    )  # fmt: skip
    return path


def test_sofar_verifies_it_and_reads_the_same_numbers(written, scene):
    sofa = sofar.read_sofa(str(written), verify=False, verbose=False)
    sofa.verify(issue_handling="raise", mode="write")
    assert (sofa.GLOBAL_SOFAConventions, sofa.GLOBAL_SOFAConventionsVersion) == ("SingleRoomSRIR", "1.0")
    np.testing.assert_array_equal(sofa.Data_IR, scene.impulse_responses("foa"))
    assert sofa.Data_SamplingRate == 16000 and not np.any(sofa.Data_Delay)
    assert sofa.GLOBAL_RoomDescription == "walls of Møller: absorption 0.4"
    assert pytest.approx(np.prod(scene.room.size_m)) == sofa.RoomVolume
    corner, far = sofa.RoomCornerA.ravel(), sofa.RoomCornerB.ravel()
    assert np.prod(far - corner) == pytest.approx(np.prod(scene.room.size_m))
    for place in (*sofa.SourcePosition, *sofa.ListenerPosition):
        assert (corner < place).all() and (place < far).all()


def test_the_dog_is_on_the_left_by_the_axes_of_sofa_and_by_its_responses(written):
    """What each microphone is is taken from the file; from its responses then follows where the source is."""
    with h5py.File(written) as file:
        h, rate = file["Data.IR"][()], int(file["Data.SamplingRate"][0])
        assert h.dtype == np.float64 and file["SourcePosition"].attrs["Units"] == b"metre"
        away = file["SourcePosition"][()] - file["ListenerPosition"][()]
        front, up = file["ListenerView"][0], file["ListenerUp"][0]
        axes, ups = file["ReceiverView"][..., 0], file["ReceiverUp"][..., 0]
        names = file.attrs["ReceiverDescription"].decode().split("; ")
    left = np.cross(up, front)
    assert np.degrees(np.arctan2(away @ left, away @ front)) == pytest.approx([45, -4.574, -45], abs=0.01)
    assert away[:, 2] == pytest.approx([0, 0.3, -0.4])
    assert np.einsum("rc,rc->r", axes, ups) == pytest.approx(0)
    eights = [k for k, name in enumerate(names) if "figure of eight" in name]
    assert len(eights) == 3 and "omnidirectional" in names[0]
    for source, place in zip(h, away):
        distance = np.linalg.norm(place)
        arrives = round(distance / 343 * rate)
        direct = source[:, arrives - 8 : arrives + 9]
        assert np.abs(source[0]).argmax() == pytest.approx(distance / 343 * rate, abs=1)
        heard = sum(np.sum(direct[0] * direct[k]) * axes[k] for k in eights) / np.sum(direct[0] ** 2)
        assert heard == pytest.approx(place / distance, abs=0.02)


def test_only_its_date_tells_two_files_apart(written, scene, tmp_path, monkeypatch):
    import datetime

    class Then(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2001, 2, 3, 4, 5, 6)

    monkeypatch.setattr("sofar.sofa.datetime", Then)
    how = dict(positions_m=[[0, 1, 0]], room_size_m=(4, 4, 3), listener_m=(2, 2, 1.5))
    once, twice = (
        write_room_sofa(tmp_path / name / "x.sofa", np.ones((1, 1, 8)), 8000, **how).read_bytes()
        for name in ("a", "b")
        if (tmp_path / name).mkdir() is None
    )
    assert once == twice and b"2001-02-03 04:05:06" in once


def test_an_omnidirectional_microphone_alone(tmp_path):
    how = dict(positions_m=[-1, 2, 0], room_size_m=(4, 6, 3), listener_m=(2, 2, 1.5))
    path = write_room_sofa(tmp_path / "w.SOFA", np.ones((1, 1, 8), np.float32), 8000, **how)
    sofa = sofar.read_sofa(str(path.rename(tmp_path / "w.sofa")), verbose=False)
    assert sofa.get_dimension("R") == 1 and sofa.get_dimension("N") == 8
    np.testing.assert_allclose(np.ravel(sofa.SourcePosition), [4, 3, 1.5])
    np.testing.assert_allclose(np.ravel(sofa.RoomCornerB), [6, 4, 3])


def test_what_cannot_be_is_said_in_a_line(tmp_path, monkeypatch):
    good = dict(positions_m=[[0, 1, 0]], room_size_m=(4, 4, 3), listener_m=(2, 2, 1.5))
    for h, rate, changes, said in (
        (np.ones((1, 2, 8)), 8000, {}, r"h has the shape \(1, 2, 8\)"),
        (np.ones((0, 4, 8)), 8000, {}, "with at least one source"),
        (np.ones((2, 4, 8)), 8000, {}, "1 places for responses of 2 sources"),
        (np.full((1, 4, 8), np.nan), 8000, {}, "NaN"),
        (np.ones((1, 4, 8)), 0, {}, "sample_rate=0"),
        (np.ones((1, 4, 8)), 8000, dict(room_size_m=(4, 0, 3)), "is not positive"),
    ):
        with pytest.raises(ValueError, match=said):
            write_room_sofa(tmp_path / "x.sofa", h, rate, **good | changes)
    with pytest.raises(ValueError, match=r"must end with \.sofa"):
        write_room_sofa(tmp_path / "x.nc", np.ones((1, 4, 8)), 8000, **good)
    monkeypatch.setitem(sys.modules, "sofar", None)
    with pytest.raises(ModuleNotFoundError, match=r"needs sofar: pip install 'see2sound_nb\[sofa\]'"):
        write_room_sofa(tmp_path / "x.sofa", np.ones((1, 4, 8)), 8000, **good)
    assert not list(tmp_path.iterdir())
