"""Arrays in every shape of memory: public functions give the same for any order, stride, dtype, nested list, read-only.

A table of calls; each array in it is handed over in every disguise, and the result must be that of the plain array.
"""

import numpy as np
import pytest

import see2sound_nb as s2s
from see2sound_nb.measure.direction import direction_from_foa, direction_from_loudspeakers
from see2sound_nb.measure.energy_maps import energy_map, map_auc, map_correlation
from see2sound_nb.measure.interaural import iacc
from see2sound_nb.measure.loudness import loudness_lufs, true_peak_dbtp
from see2sound_nb.measure.masking import clipped_share, masked_shares, seam
from see2sound_nb.measure.reverberation import clarity_db, drr_db, measured_rt60_s, schroeder_db
from see2sound_nb.measure.similarity import dtw, similarity
from see2sound_nb.render.ambience import ambient_channels
from see2sound_nb.render.panning import pan, pan_stereo
from see2sound_nb.room.acoustics import absorption_for_rt60, air_absorption_db_m, eyring_rt60_s, sabine_rt60_s
from see2sound_nb.room.ism import sum_of_arrivals
from see2sound_nb.room.spherical_harmonics import encode

RNG = np.random.default_rng(0)
FS = 16000
SIZE = np.array([5.0, 4.0, 3.0])
SOURCES = np.array([[1.0, 2.0, 1.0], [3.5, 1.0, 2.0]])
RECEIVERS = np.array([[3.0, 2.0, 1.0], [3.0, 3.0, 1.0]])
PLACES = np.array([[-1.0, 2.0, 0.25], [1.5, 1.0, -0.5]])
ROOM = s2s.room_around(PLACES, max_order=2)
SOUNDS = RNG.normal(size=(2, 400)).astype(np.float32)
H = RNG.normal(size=(2, 6, 100)).astype(np.float32)
WHOLE = np.round(4 * RNG.normal(size=(4, 8000))) / 4
DEPTH = RNG.uniform(0.1, 1.0, (12, 16)).astype(np.float32)
MASKS = np.zeros((2, 12, 16), bool)
MASKS[0, 2:6, 3:9], MASKS[1, 6:11, 8:15] = True, True
BOXES = np.array([[3, 8, 2, 5], [8, 14, 6, 10]])
MATERIALS = RNG.integers(1, 8, (7, 6)) / 8
PATTERNS = s2s.first_order([[0, 1, 0], [1, 0, 0]], 0.5)
PATH = np.linspace([-1.0, 2.0, 0.0], [1.0, 2.0, 0.0], 5)
TIMES = np.linspace(0, 0.02, 5)


def rir(**options):
    return s2s.shoebox_rir(SIZE, SOURCES, RECEIVERS, **{"absorption": 0.25, "max_order": 3, **options})


#: Name of a call: the function, and what it is called with. Arrays are disguised one at a time.
CALLS = {
    "shoebox_rir": (
        lambda size, s, r: s2s.shoebox_rir(size, s, r, absorption=0.25, max_order=3),
        [SIZE, SOURCES, RECEIVERS],
    ),
    "shoebox_rir, materials": (lambda a: rir(absorption=a), [MATERIALS]),
    "shoebox_rir, walls": (lambda a: rir(absorption=a), [MATERIALS[0]]),
    "shoebox_rir, patterns": (lambda p, q: rir(source_patterns=p, receiver_patterns=q), [PATTERNS, PATTERNS]),
    "shoebox_rir, a batch": (
        lambda size, s, r, a: s2s.shoebox_rir(size, s, r, absorption=a, max_order=2),
        [np.stack([SIZE, SIZE + 1]), np.stack([SOURCES] * 2), np.stack([RECEIVERS] * 2), MATERIALS[:2]],
    ),
    "shoebox_rir, a batch of bands": (
        lambda a: s2s.shoebox_rir([SIZE, SIZE], [SOURCES] * 2, [RECEIVERS] * 2, absorption=a, max_order=2),
        [np.stack([MATERIALS, MATERIALS / 2])],
    ),
    "first_order": (lambda d: s2s.first_order(d, 0.5), [SOURCES]),
    "image_sources": (lambda p: s2s.image_sources(ROOM, p)[0], [PLACES[0]]),
    "sum_of_arrivals": (
        lambda t, g: sum_of_arrivals(t, g, FS),
        [np.array([0.01, 0.02, 0.015]), np.array([[1.0, 0.5], [0.5, 2.0], [0.25, 1.0]])],
    ),
    **{
        f"impulse_responses, {layout}": (lambda p, layout=layout: s2s.impulse_responses(ROOM, p, layout), [PLACES])
        for layout in ("5.1", "7.1.4", "stereo", "binaural", "foa", "hoa3")
    },
    "Room": (
        lambda size, ears, walls: s2s.impulse_responses(s2s.Room(size, ears, walls, 2), [[0.5, 0.75, 0.25]], "5.1"),
        [SIZE, np.array([2.0, 1.5, 1.25]), MATERIALS[0]],
    ),
    "room_around": (lambda p: np.array(s2s.room_around(p).size_m), [PLACES]),
    "render_channels": (s2s.render_channels, [SOUNDS, H]),
    "render_path": (lambda a, p, t: s2s.render_path(a, ROOM, p, t), [SOUNDS[0], PATH + 2.5, TIMES]),
    "render_path, ears": (lambda a, p, t: s2s.render_path(a, ROOM, p, t, "binaural"), [SOUNDS[0], PATH + 2.5, TIMES]),
    "render_moving": (s2s.render_moving, [SOUNDS[0], np.stack([H[0, 0], H[1, 1], H[0, 2]])[:, None], TIMES[:3]]),
    "render_doppler": (
        lambda a, p, r, t, size: s2s.render_doppler(a, p, r, t, size_m=size, absorption=0.5),
        [SOUNDS[0], PATH + 2.5, np.array([2.5, 1.0, 1.5]), TIMES, 2 * SIZE],
    ),
    "pan": (lambda v: pan(v, "7.1.4"), [PLACES]),
    "pan_stereo": (pan_stereo, [PLACES]),
    "encode": (lambda v: encode(v, 3), [PLACES]),
    "HRTF.at": (lambda v: s2s.load_hrtf().at(v), [PLACES]),
    "ambient_channels": (lambda a: ambient_channels(a, "5.1", sample_rate=FS), [WHOLE[0]]),
    "directions": (lambda p: np.stack(s2s.directions(p)), [PLACES]),
    "unit_vectors": (s2s.unit_vectors, [np.array([10.0, -40.0]), np.array([5.0, 30.0])]),
    "lift": (lambda c, d: s2s.lift(c, d, (16, 12)), [np.array([[4.0, 5.0], [9.0, 8.0]]), np.array([2.0, 3.0])]),
    "metres_from_inverse_depth": (s2s.metres_from_inverse_depth, [DEPTH]),
    "box_centres": (s2s.box_centres, [BOXES]),
    "contours_from_masks": (lambda m: np.concatenate(s2s.contours_from_masks(m)), [MASKS]),
    "polygons": (lambda c: np.concatenate(s2s.polygons_from_contours([c])), [s2s.contours_from_masks(MASKS)[0]]),
    "boxes_from_contours": (lambda c: s2s.boxes_from_contours([c]), [s2s.contours_from_masks(MASKS)[0]]),
    "eyring_rt60_s": (eyring_rt60_s, [SIZE, MATERIALS]),
    "sabine_rt60_s": (sabine_rt60_s, [SIZE, MATERIALS]),
    "absorption_for_rt60": (lambda size: absorption_for_rt60(size, 0.5, formula="images"), [SIZE]),
    "air_absorption_db_m": (
        lambda f: air_absorption_db_m(f, temperature_c=20, humidity_percent=50),
        [np.array([125.0, 4000.0])],
    ),
    "itd_s": (lambda e: s2s.itd_s(e, FS), [WHOLE[:2]]),
    "ild_db": (s2s.ild_db, [WHOLE[:2]]),
    "iacc": (lambda e: iacc(e, FS), [WHOLE[:2]]),
    "direction_from_foa": (direction_from_foa, [WHOLE]),
    "direction_from_loudspeakers": (
        lambda c: direction_from_loudspeakers(c, "5.1"),
        [np.concatenate([WHOLE, WHOLE[:2]])],
    ),
    "energy_map": (energy_map, [WHOLE]),
    "map_correlation": (map_correlation, [WHOLE[0], WHOLE[1]]),
    "map_auc": (map_auc, [WHOLE[0], WHOLE[1]]),
    "loudness_lufs": (lambda c: loudness_lufs(c, FS, "foa"), [WHOLE]),
    "true_peak_dbtp": (lambda c: true_peak_dbtp(c, FS), [WHOLE]),
    "masked_shares": (lambda s: masked_shares(s, FS), [WHOLE]),
    "seam": (seam, [WHOLE[0]]),
    "clipped_share": (clipped_share, [WHOLE]),
    "schroeder_db": (schroeder_db, [WHOLE[0]]),
    "measured_rt60_s": (lambda h: measured_rt60_s(h, FS), [WHOLE[0]]),
    "drr_db": (lambda h: drr_db(h, FS), [WHOLE[:2]]),
    "clarity_db": (lambda h: clarity_db(h, FS), [WHOLE[:2]]),
    "similarity": (lambda a, b: similarity(a, b, FS)["contrast"], [WHOLE[0], WHOLE[1]]),
    "dtw": (lambda a, b: dtw(a, b)[0], [WHOLE[:, :3], WHOLE[:, 3:6]]),
}


def disguises(array):
    """The same numbers otherwise in memory."""
    doubled = np.repeat(array, 2, axis=-1)
    read_only = array.copy()
    read_only.setflags(write=False)
    yield "Fortran order", np.asfortranarray(array)
    yield "every second of twice as many", doubled[..., ::2]
    yield "turned round and back", array[..., ::-1].copy()[..., ::-1]
    yield "transposed from its transpose", np.ascontiguousarray(array.T).T
    yield "read-only", read_only
    yield "other byte order", array.astype(array.dtype.newbyteorder())
    yield "nested lists", array.tolist()
    yield "tuples", tuple(map(tuple, array.tolist())) if array.ndim == 2 else tuple(array.tolist())
    if array.dtype.kind == "f":
        yield "double", array.astype(np.float64)


@pytest.mark.parametrize("name", CALLS)
def test_memory_does_not_matter(name):
    function, arrays = CALLS[name]
    expected = np.asarray(function(*(array.copy() for array in arrays)), dtype=np.float64)
    for place, array in enumerate(arrays):
        for disguise, same in disguises(array):
            given = [other.copy() for other in arrays]
            given[place] = same
            got = np.asarray(function(*given), dtype=np.float64)
            close = np.allclose(got, expected, rtol=1e-5, atol=1e-6 * max(1.0, np.abs(expected).max()))
            assert got.shape == expected.shape and close, f"argument {place} in {disguise}"


def test_six_rows_of_one_number_may_be_walls_or_bands():
    walls = np.linspace(0.1, 0.6, 6)
    with pytest.raises(ValueError, match="six walls or six octave bands"):
        rir(absorption=walls[:, None])
    assert rir(absorption=np.repeat(walls[:, None], 6, axis=1)).shape[:2] == (2, 2)
    assert rir(absorption=walls[:5, None]).shape[:2] == (2, 2), "five bands can only be bands"
