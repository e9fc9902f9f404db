"""Loudspeakers and ears: left is louder on the left and earlier at the left ear; nothing is normalised apart."""

import numpy as np
import pytest

from see2sound_nb import render
from see2sound_nb.geometry import unit_vectors
from see2sound_nb.hrtf import KEMAR, load_hrtf, read_sofa
from see2sound_nb.room import Room

FS = 16000
OPEN = Room((20.0, 20.0, 8.0), (10.0, 10.0, 4.0), max_order=0)
CIRCLE = np.arange(-180, 180, 5)


def energies(layout, azimuths, room=OPEN):
    h = render.impulse_responses(room, 2.0 * unit_vectors(azimuths), layout)
    return (h.astype(float) ** 2).sum(axis=-1), h


def test_a_source_in_a_loudspeakers_direction_comes_from_it_alone():
    for name, azimuth in render.SPEAKERS_DEG.items():
        energy, _ = energies("5.1", np.array([azimuth]))
        channels = dict(zip(render.LAYOUTS["5.1"], energy[0]))
        lfe = channels.pop("LFE")
        assert channels.pop(name) > 1e6 * max(channels.values())
        assert lfe > 0


def test_total_energy_is_constant_around_the_listener():
    energy, _ = energies("5.1", CIRCLE)
    total_db = 10 * np.log10(np.delete(energy, 3, axis=1).sum(axis=1))
    assert np.ptp(total_db) < 0.1
    assert np.ptp(10 * np.log10(energies("stereo", CIRCLE)[0].sum(axis=1))) < 0.1


@pytest.mark.parametrize("layout", ["5.1", "stereo", "binaural"])
def test_left_is_louder_on_the_left_and_right_mirrors_it(layout):
    for azimuth in (20, 45, 90, 130):
        energy, _ = energies(layout, np.array([azimuth, -azimuth]))
        if layout == "5.1":
            energy = np.stack([energy[:, 0] + energy[:, 4], energy[:, 1] + energy[:, 5]], axis=1)
        (left, right) = energy
        assert left[0] > 2 * left[1]
        assert right[1] > 2 * right[0]


def test_the_lfe_holds_only_what_is_below_120_hz():
    _, h = energies("5.1", np.array([0.0]))
    response = np.abs(np.fft.rfft(h[0, 3], 65536))
    frequency = np.fft.rfftfreq(65536, 1 / FS)
    passed = response[np.searchsorted(frequency, 30)]
    assert 20 * np.log10(passed * 2.0) == pytest.approx(render.LFE_GAIN_DB, abs=0.5)  # source at 2 m: 1/2
    assert response[frequency > 500].max() < 0.01 * passed


def test_ambisonics_encodes_the_direction_in_ambix_order():
    direction = unit_vectors(np.array([60.0]), np.array([25.0]))
    h = render.impulse_responses(OPEN, 3.0 * direction, "foa")[0]
    W, Y, Z, X = h[:, np.argmax(np.abs(h[0]))] / np.abs(h[0]).max()
    azimuth, elevation = np.radians(60), np.radians(25)
    expected = [1, np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    np.testing.assert_allclose([W, Y, Z, X], expected, atol=1e-5)


def itd_ild(pair, rate):
    """Interaural time (s, positive: left first) by cross-correlation, and level difference (dB)."""
    size = 16 * 4096
    cross = np.fft.irfft(np.fft.rfft(pair[1], 4096) * np.conj(np.fft.rfft(pair[0], 4096)), size)
    lag = np.argmax(cross)
    lag = lag - size if lag > size // 2 else lag
    energy = (pair.astype(float) ** 2).sum(axis=-1)
    return lag / 16 / rate, 10 * np.log10(energy[0] / energy[1])


def test_direct_sound_has_the_itd_and_ild_of_the_measurement():
    hrtf = load_hrtf(sample_rate=FS)
    _, h = energies("binaural", CIRCLE)
    for azimuth, pair in zip(CIRCLE, h):
        measured = hrtf.responses[hrtf.nearest(unit_vectors(azimuth))]
        (itd, ild), (itd_0, ild_0) = itd_ild(pair, FS), itd_ild(measured, FS)
        assert itd == pytest.approx(itd_0, abs=20e-6)
        assert ild == pytest.approx(ild_0, abs=1.0)
        if 20 <= abs(azimuth) <= 160:
            assert np.sign(itd) == np.sign(ild) == np.sign(azimuth), "nearer ear: earlier and louder"
    assert itd_ild(h[list(CIRCLE).index(90)], FS)[0] == pytest.approx(0.7e-3, abs=0.15e-3)


def test_kemar_is_whole_and_keeps_its_gain_when_resampled():
    with np.load(KEMAR, allow_pickle=False) as kemar:
        assert kemar["responses"].shape == (710, 2, 512)
    for rate in (16000, 44100, 48000):
        hrtf = load_hrtf(sample_rate=rate)
        front = hrtf.responses[hrtf.nearest(unit_vectors(0.0))]
        assert (front**2).sum() / 2 == pytest.approx(1)
    low, full = (load_hrtf(sample_rate=rate).responses[100] for rate in (16000, 44100))
    gain = [np.abs(np.fft.rfft(r[0], rate))[1000] for r, rate in ((low, 16000), (full, 44100))]
    assert gain[0] / gain[1] == pytest.approx(1, rel=0.35), "same gain at 1 kHz but for the normalisation"


def test_a_users_own_sofa_file_is_read(tmp_path, rng):
    import h5py

    responses = rng.normal(size=(4, 2, 64))
    with h5py.File(tmp_path / "mine.sofa", "w") as file:
        file["Data.IR"] = responses
        file["SourcePosition"] = np.array([[0, 0, 1], [90, 0, 1], [180, 0, 1], [270, 0, 1.0]])
        file["Data.SamplingRate"] = np.array([FS], float)
    hrtf = load_hrtf(tmp_path / "mine.sofa", sample_rate=FS)
    left = hrtf.responses[hrtf.nearest(np.array([-1.0, 0.1, 0]))]
    assert np.corrcoef(left.ravel(), responses[1].ravel())[0, 1] == pytest.approx(1)
    (tmp_path / "bad.sofa").write_text("no")
    with pytest.raises(ValueError, match="no SOFA file"):
        read_sofa(tmp_path / "bad.sofa")
    with pytest.raises(FileNotFoundError):
        load_hrtf(tmp_path / "missing.sofa")


def test_the_scene_is_the_sum_of_its_sources(rng):
    room = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), max_order=3)
    h = render.impulse_responses(room, np.array([[-1.0, 2, 0], [1.5, 1, 0.5]]), "5.1")
    A = rng.normal(size=(2, 4000)).astype(np.float32)
    together = render.render_channels(A, h)
    apart = [render.render_channels(A[k : k + 1], h[k : k + 1]) for k in range(2)]
    np.testing.assert_allclose(together, apart[0] + apart[1], atol=1e-4)
    direct = np.array([np.convolve(A[0], h[0, 1]) + np.convolve(A[1], h[1, 1])])
    np.testing.assert_allclose(together[1:2], direct, atol=1e-4)


def test_one_gain_for_all_channels():
    phi = np.array([[0.1, -4.0], [0.2, 0.0]])
    gain = render.master_gain_db(phi)
    assert np.abs(phi).max() * 10 ** (gain / 20) == pytest.approx(10 ** (render.MASTER_PEAK_DB / 20))
    assert render.master_gain_db(np.zeros((2, 5))) == 0
    with pytest.raises(ValueError, match="quad"):
        render.check_layout("quad")
