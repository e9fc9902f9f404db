"""Loudspeakers and ears: left is louder on the left and earlier at the left ear; nothing is normalised apart."""

import dataclasses

import numpy as np
import pytest
import soundfile

from see2sound_nb import media, render
from see2sound_nb.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.geometry import unit_vectors
from see2sound_nb.hrtf import HRTF, KEMAR, load_hrtf, read_sofa
from see2sound_nb.room import Room, paper_room
from see2sound_nb.scene import Scene, resampled

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


@pytest.mark.parametrize("layout", ["5.1", "7.1.4", "stereo"])
def test_total_energy_is_constant_around_the_listener(layout):
    energy, _ = energies(layout, CIRCLE)
    full_range = [k for k, name in enumerate(render.LAYOUTS[layout]) if name != "LFE"]
    assert np.ptp(10 * np.log10(energy[:, full_range].sum(axis=1))) < 0.1


def test_a_circling_source_is_clearly_ordered_between_front_and_surround_left_and_right():
    energy, _ = energies("5.1", CIRCLE)
    FL, FR, _, _, SL, SR = energy.T
    assert (FL + SL > 4 * (FR + SR))[(CIRCLE >= 5) & (CIRCLE <= 135)].all()
    assert (FR + SR > 4 * (FL + SL))[(CIRCLE <= -5) & (CIRCLE >= -135)].all()
    assert (SL + SR > 2 * (FL + FR))[np.abs(CIRCLE) >= 80].all()
    assert (FL + FR > 4 * (SL + SR))[(np.abs(CIRCLE) <= 50) & (CIRCLE != 0)].all()
    for channel, azimuth in zip((FL, FR, SL, SR), (30, -30, 110, -110)):
        assert CIRCLE[np.argmax(channel)] == azimuth
    assert (energy[CIRCLE == 0, 2] > 1e6 * np.delete(energy[CIRCLE == 0], [2, 3], axis=1).max()).all()


@pytest.mark.parametrize("layout", ["5.1", "stereo", "binaural"])
def test_left_is_louder_on_the_left_and_right_mirrors_it(layout):
    for azimuth in (20, 45, 90, 130):
        energy, _ = energies(layout, np.array([azimuth, -azimuth]))
        if layout == "5.1":
            energy = np.stack([energy[:, 0] + energy[:, 4], energy[:, 1] + energy[:, 5]], axis=1)
        (left, right) = energy
        assert left[0] > 2 * left[1]
        assert right[1] > 2 * right[0]


@pytest.mark.parametrize(("layout", "rate"), [("5.1", 16000), ("5.1", 48000), ("7.1.4", 44100)])
def test_the_lfe_is_the_omnidirectional_sound_below_120_hz_10_db_lower(layout, rate):
    room = Room((5.0, 4.0, 3.0), (2.0, 2.0, 1.5), 0.3, 8)
    positions = np.array([[1.5, 1.0, 0.2], [-1.0, 1.5, 0.5], [0.3, -1.2, -0.4]])
    frequency = np.fft.rfftfreq(4 * rate, 1 / rate)
    h = render.impulse_responses(room, positions, layout, sample_rate=rate)[:, 3]
    W = render.impulse_responses(room, positions, "foa", sample_rate=rate)[:, 0]
    for lfe, omni in ((h, W), (h.sum(axis=0), W.sum(axis=0))):  # each source, and all at once
        ratio_db = 20 * np.log10(np.abs(np.fft.rfft(lfe, 4 * rate)) / np.abs(np.fft.rfft(omni, 4 * rate)))
        passed, edge = (frequency > 20) & (frequency < 70), np.searchsorted(frequency, render.LFE_CUTOFF_HZ)
        np.testing.assert_allclose(ratio_db[..., passed], render.LFE_GAIN_DB, atol=0.2)
        np.testing.assert_allclose(ratio_db[..., edge], render.LFE_GAIN_DB - 3, atol=0.3)
        assert (ratio_db[..., frequency > 300] < render.LFE_GAIN_DB - 28).all()


def test_ambisonics_encodes_the_direction_in_ambix_order():
    direction = unit_vectors(np.array([60.0]), np.array([25.0]))
    h = render.impulse_responses(OPEN, 3.0 * direction, "foa")[0]
    W, Y, Z, X = h[:, np.argmax(np.abs(h[0]))] / np.abs(h[0]).max()
    azimuth, elevation = np.radians(60), np.radians(25)
    expected = [1, np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)]
    np.testing.assert_allclose([W, Y, Z, X], expected, atol=1e-5)


def test_kemar_is_whole_and_keeps_its_gain_when_resampled():
    with np.load(KEMAR, allow_pickle=False) as kemar:
        assert kemar["responses"].shape == (710, 2, 512)
    gains = {}
    for rate in (16000, 44100, 48000):
        hrtf = load_hrtf(sample_rate=rate)
        front = hrtf.responses[hrtf.nearest(unit_vectors(0.0))]
        gains[rate] = np.abs(np.fft.rfft(front, rate))[:, 100:7000]
        assert (gains[rate] ** 2).mean() == pytest.approx(1, rel=0.2)
    for rate in (16000, 48000):
        np.testing.assert_allclose(gains[rate], gains[44100], atol=0.02)


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
    angles, _, rate = read_sofa(write_sofa(tmp_path / "a.sofa", **{"Data.SamplingRate": float(FS)}))
    np.testing.assert_allclose(angles, [[0, 0], [90, 45], [180, 0], [-90, 0]])
    assert rate == FS


def test_the_delays_of_a_sofa_file_are_in_its_responses(tmp_path):
    _, plain, _ = read_sofa(write_sofa(tmp_path / "plain.sofa", **{"Data.Delay": np.zeros((1, 2))}))
    assert plain.shape == (4, 2, 40)
    delays = np.array([[0, 0], [0, 12], [3, 3], [7.5, 0]])
    _, later, _ = read_sofa(write_sofa(tmp_path / "each.sofa", **{"Data.Delay": delays}))
    assert later.shape == (4, 2, 52)
    assert [np.argmax(row) for row in later[[0, 1, 1, 2], [0, 0, 1, 0]]] == [10, 10, 22, 13]
    np.testing.assert_allclose(later[3, 0], np.sinc(np.arange(52) - 17.5), atol=0.02)
    at_once = np.eye(40)[None, None, 0].repeat(2, axis=1).repeat(4, axis=0)
    _, half, _ = read_sofa(
        write_sofa(tmp_path / "half.sofa", **{"Data.IR": at_once, "Data.Delay": np.full((1, 2), 0.5)})
    )
    assert np.abs(half[..., -5:]).max() < 0.02, "what rings before the click is not heard after it"
    _, common, _ = read_sofa(write_sofa(tmp_path / "common.sofa", **{"Data.Delay": np.array([[0.0, 5.0]])}))
    assert (np.argmax(common, axis=-1) == [10, 15]).all()


@pytest.mark.parametrize(("name", "values", "message"), [
    ("SourcePosition", np.ones((3, 3)), "4 responses and positions"),
    ("Data.IR", np.zeros((4, 2, 8)), "silence or NaN"),
    ("Data.IR", np.full((4, 2, 8), np.nan), "silence or NaN"),
    ("Data.SamplingRate", np.array([0.0]), "sampling rate"),
    ("Data.Delay", np.array([[0.0, -1.0]]), "delays"),
    ("Data.Delay", np.zeros((3, 2)), "delays"),
])  # fmt: skip
def test_a_sofa_file_with_nonsense_is_refused(tmp_path, name, values, message):
    with pytest.raises(ValueError, match=message):
        read_sofa(write_sofa(tmp_path / "a.sofa", **{name: values}))


def test_the_scene_is_the_sum_of_its_sources(rng):
    room = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), max_order=3)
    h = render.impulse_responses(room, np.array([[-1.0, 2, 0], [1.5, 1, 0.5]]), "5.1")
    A = rng.normal(size=(2, 4000)).astype(np.float32)
    together = render.render_channels(A, h)
    apart = [render.render_channels(A[k : k + 1], h[k : k + 1]) for k in range(2)]
    np.testing.assert_allclose(together, apart[0] + apart[1], atol=1e-4)
    direct = np.array([np.convolve(A[0], h[0, 1]) + np.convolve(A[1], h[1, 1])])
    np.testing.assert_allclose(together[1:2], direct, atol=1e-4)


def test_in_the_papers_room_5_1_is_what_six_microphones_hear():
    room, _ = paper_room((640, 480))
    source = np.array([[30.0, 40.0, -20.0]])
    h = render.impulse_responses(room, source, "5.1")[0]
    assert len(h) == 6
    for channel, microphone in zip(h, np.array(room.microphones_m) - room.listener_m):
        distance = np.linalg.norm(source - microphone)
        first = np.argmax(np.abs(channel) > 0.5 * np.abs(channel).max())
        assert first / FS == pytest.approx(distance / SPEED_OF_SOUND_M_S, abs=2 / FS)


@pytest.mark.parametrize("layout", render.LAYOUTS)
def test_every_layout_has_its_channels_and_the_direct_sound_at_its_time_at_every_rate(layout):
    room = Room((6.0, 7.0, 3.0), (3.0, 3.0, 1.5), (0.2, 0.3, 0.2, 0.4, 0.6, 0.7), 4)
    source = np.array([[-0.5, 2.0, 0.2], [1.0, 1.0, 0.0]])
    for rate in (16000, 44100, 48000):
        h = render.impulse_responses(room, source, layout, sample_rate=rate)
        assert h.dtype == np.float32
        assert h.shape[:2] == (2, len(render.LAYOUTS[layout])) == (2, media.CHANNELS[layout])
        if layout == "binaural":
            continue  # test_binaural
        for response, position in zip(h, source):
            response = np.delete(response, 3, axis=0) if "LFE" in render.LAYOUTS[layout] else response
            loudest = np.argmax((response.astype(float) ** 2).sum(axis=0)) / rate
            assert loudest == pytest.approx(np.linalg.norm(position) / SPEED_OF_SOUND_M_S, abs=1 / rate)


def test_higher_orders_begin_with_the_lower_ones():
    room, position = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 3), np.array([[-1.0, 2, 0.3]])
    highest = render.impulse_responses(room, position, "hoa5")
    for layout, order in render.AMBISONIC_ORDERS.items():
        h = render.impulse_responses(room, position, layout)
        np.testing.assert_allclose(h, highest[:, : (order + 1) ** 2], atol=1e-5)


def test_sources_that_cannot_be_are_named():
    with pytest.raises(ValueError, match="outside"):
        render.impulse_responses(OPEN, np.array([[0, 11.0, 0]]), "5.1")
    with pytest.raises(ValueError, match="too near"):
        render.impulse_responses(OPEN, np.array([[0, 3.0, 0], [0, 0.1, 0]]), "foa")


@pytest.mark.parametrize("positions", [np.full((3, 2), 0.7), np.ones((0, 3)), np.ones((1, 1, 3)), 1.0])
def test_positions_of_another_shape_are_refused(positions):
    with pytest.raises(ValueError, match=r"positions_m has the shape .* \(n, 3\)"):
        render.impulse_responses(OPEN, positions, "stereo")
    assert render.impulse_responses(OPEN, [0.7, 0.7, 0.7], "stereo").shape[0] == 1, "one source"


def test_numbers_that_are_none_are_refused():
    for position in ([0, np.nan, 0], [0, np.inf, 0]):
        with pytest.raises(ValueError, match="finite"):
            render.impulse_responses(OPEN, position, "5.1")
    for rate in (0, -16000, np.nan, np.inf):
        with pytest.raises(ValueError, match="sample_rate="):
            render.impulse_responses(OPEN, [0, 2, 0], "stereo", sample_rate=rate)
        with pytest.raises(ValueError, match="sample_rate="):
            load_hrtf(sample_rate=rate)


def test_sounds_and_responses_belong_together():
    A, h = np.ones((2, 10)), np.ones((2, 1, 5))
    for sounds, responses in ((A, h[:1]), (A[:1], h), (A[:0], h[:0]), (A[0], h)):
        with pytest.raises(ValueError, match="N at least 1"):
            render.render_channels(sounds, responses)


@pytest.fixture(scope="module")
def small_scene():
    """Two tones that loop without a seam, left and right, in a small room."""
    time = np.arange(8000) / FS
    positions = np.array([[-1.0, 2.0, 0.0], [1.5, 1.0, 0.0]])
    return Scene(
        image=np.zeros((4, 4, 3), np.uint8), masks=np.zeros((2, 4, 4), bool), contours=[], polygons=[],
        boxes=np.zeros((2, 4), int), patches=[], labels=[{"label": "tone", "caption": "a tone", "sounds": 1.0}] * 2,
        depth=np.ones((4, 4), np.float32), positions_m=positions,
        audio=0.1 * np.sin(2 * np.pi * np.array([[400.0], [1000.0]]) * time).astype(np.float32), sample_rate=FS,
        room=Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 3), geometry="metric", preset="tiny", seed=0,
    )  # fmt: skip


@pytest.mark.parametrize("layout", ["5.1", "7.1.4", "binaural", "hoa3"])
@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_scene_sounds_the_same_at_every_sample_rate(small_scene, tmp_path, layout, rate):
    path = small_scene.save(tmp_path / "a.wav", layout, subtype="FLOAT", sample_rate=rate)
    back, written_rate = soundfile.read(path)
    phi = small_scene.render(layout, sample_rate=rate)
    np.testing.assert_array_equal(back.T.astype(np.float32), phi)
    assert written_rate == rate
    assert small_scene.sample_rate == FS
    own = small_scene.render(layout) * 10 ** (-small_scene.gain_db(layout) / 20)
    phi = phi * 10 ** (-small_scene.gain_db(layout, sample_rate=rate) / 20)
    # The tones' levels in the steady part, channel by channel.
    part, part_0 = phi[:, rate // 4 : rate // 4 + rate // 10], own[:, FS // 4 : FS // 4 + FS // 10]
    for frequency in (400, 1000):
        level, level_0 = (
            np.abs(p @ np.exp(-2j * np.pi * frequency * np.arange(p.shape[1]) / r)) / p.shape[1]
            for p, r in ((part, rate), (part_0, FS))
        )
        np.testing.assert_allclose(level, level_0, atol=0.06 * level_0.max())


def test_a_scene_that_is_changed_sounds_changed(small_scene):
    scene = dataclasses.replace(small_scene, positions_m=small_scene.positions_m.copy())
    before = scene.render("stereo")
    assert scene.impulse_responses("stereo") is scene.impulse_responses("stereo"), "kept as long as nothing changes"
    with pytest.raises(ValueError, match="read-only"):
        scene.impulse_responses("stereo")[:] = 0
    scene.positions_m[0] = [2.0, 1.0, 0.0]
    moved = scene.render("stereo")
    assert moved[0].std() < 0.8 * before[0].std()
    scene.room = Room((6.0, 6.0, 3.0), (3.0, 2.0, 1.5), 0.4, 0)
    assert scene.render("stereo").shape[1] < moved.shape[1]


def test_the_gain_is_that_of_the_rendering_whatever_the_head(small_scene):
    kemar = load_hrtf(sample_rate=FS)
    quieter = HRTF(kemar.directions, kemar.responses / 2, FS)
    own, other = small_scene.gain_db("binaural"), small_scene.gain_db("binaural", hrtf=quieter)
    assert other == pytest.approx(own + 20 * np.log10(2), abs=1e-3)
    phi, gain_db = small_scene.render_with_gain("stereo")
    assert gain_db == small_scene.gain_db("stereo")
    np.testing.assert_array_equal(phi, small_scene.render("stereo"))


def test_loops_stay_seamless_when_resampled(small_scene):
    there = resampled(small_scene.audio, FS, 48000)
    assert there.shape == (2, 24000)
    np.testing.assert_allclose(there[0], 0.1 * np.sin(2 * np.pi * 400 * np.arange(24000) / 48000), atol=1e-5)


def test_a_scene_refuses_sample_rates_that_no_wav_has(small_scene):
    for rate in (1000, 0):
        with pytest.raises(ValueError, match="192000"):
            small_scene.render("stereo", sample_rate=rate)


def test_the_walls_absorb_each_for_itself():
    """A source between two bare side walls: what comes from the side outlives what comes from front and back."""
    room = Room((6.0, 6.0, 6.0), (3.0, 3.0, 3.0), (0.1, 0.1, 0.9, 0.9, 0.9, 0.9), 8)
    _, Y, _, X = render.impulse_responses(room, np.array([[0.5, 0.5, 0.0]]), "foa")[0].astype(float)
    late = slice(FS // 20, None)
    assert (Y[late] ** 2).sum() > 10 * (X[late] ** 2).sum()


def test_one_gain_for_all_channels():
    phi = np.array([[0.1, -4.0], [0.2, 0.0]])
    gain = render.master_gain_db(phi)
    assert np.abs(phi).max() * 10 ** (gain / 20) == pytest.approx(10 ** (render.MASTER_PEAK_DB / 20))
    assert render.master_gain_db(np.zeros((2, 5))) == 0
    with pytest.raises(ValueError, match="quad"):
        render.check_layout("quad")
