"""Checks of notebook 07: passings by ear, a filter without lag, a thing that is lost, what a first turn lacks.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from see2sound_nb.media.pictures import demo_photo, read_image
from see2sound_nb.notebook.check._compare import SAMPLE_RATE, answered, function, in_order, right, same, within
from see2sound_nb.notebook.players import Players, compare
from see2sound_nb.places.frames import directions
from see2sound_nb.places.lifting import lift
from see2sound_nb.regions.tracking import GONE, follow, start_track
from see2sound_nb.render.doppler import render_doppler
from see2sound_nb.render.moving import render_path
from see2sound_nb.render.panning import pan_stereo
from see2sound_nb.room.acoustics import SPEED_OF_SOUND_M_S
from see2sound_nb.room.shoebox import Room
from see2sound_nb.sounds.lasting import folded

#: Speeds of the three passings, in m/s, and how near they come, in metres.
SPEEDS_M_S, PASSES_AT_M = (4.0, 9.0, 20.0), 2.0
#: The filters of the exercise: how much of a new value is taken.
SHARES = (0.1, 0.25, 0.6)
#: A thing is a disc of this radius in pixels, and moves so many pixels a frame, in so many frames, 25 a second.
RADIUS_PX, STEP_PX, FRAMES, FRAMES_PER_S = 40, 5.0, 30, 25.0
#: What is farther off than this, in degrees, is lost.
LOST_DEG = 5.0
#: The loop of the last exercise: samples of a turn, of its fade, and of the sound that is folded.
TURN, FADE, SOUND = 16000, 4000, 24000


def passings() -> Players:
    """A horn that passes by at three speeds, in an order to be heard, all at one level.

    Returns
    -------
    Players
        "a", "b" and "c", each two seconds of two channels.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    seconds = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    horn = np.sum([np.sin(2 * np.pi * 330 * k * seconds) / k for k in (1, 2, 3, 5)], axis=0)
    size_m, ears_m = np.array([80.0, 12.0, 4.0]), np.array([40.0, 2.0, 1.5])
    heard = {}
    for name, speed in _speeds().items():
        path_m = ears_m + np.array([[-speed, PASSES_AT_M, 0.0], [speed, PASSES_AT_M, 0.0]])
        phi = render_doppler(
            horn, path_m, ears_m, np.array([0.0, 2.0]), size_m=size_m, absorption=1.0, max_order=0,
            sample_rate=SAMPLE_RATE, gains=pan_stereo,
        )  # fmt: skip
        heard[f"passing {name}"] = phi[:, : 2 * SAMPLE_RATE] * np.hanning(2 * SAMPLE_RATE) ** 0.25
    return compare(heard, SAMPLE_RATE)


def order_of_passings(yours: list[str]) -> None:
    """Check the order of `passings`, from the slowest to the fastest.

    Parameters
    ----------
    yours : list of str
        The names ``"a"``, ``"b"`` and ``"c"``.

    Raises
    ------
    AssertionError
        If there is no answer, not each name once, or one is in the wrong place: the first one, with its index.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    speeds = _speeds()
    expected = sorted(speeds, key=lambda name: speeds[name])
    in_order(yours, expected, "order of the passings, from the slowest to the fastest")
    falls = ", ".join(f"{_fall(speed):.0%}".replace("%", " %") for speed in sorted(speeds.values()))
    right(f"from coming to going their pitch falls by up to {falls}: the faster, the farther")


def without_lag(yours: Callable[[np.ndarray, float], np.ndarray]) -> None:
    """Check a filter that runs forwards, and then backwards over what it gave.

    Parameters
    ----------
    yours : callable
        Takes values (n,) float and the share of a new value, 0 to 1; returns (n,) float.

    Raises
    ------
    AssertionError
        If there is no function, or a value is wrong: the first one, with its index and what it was made of.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    function(yours, "without_lag")
    rng = np.random.default_rng(7)
    cases = {
        "three values": np.array([1.0, 0.0, 0.0]),
        "a thing that rests": np.full(5, -12.0),
        "a thing that goes on": 2.0 * np.arange(30),
        "a thing that trembles": np.cumsum(rng.normal(size=40)),
    }
    for case, values in cases.items():
        for share in SHARES:
            given = values.copy()
            same(yours(given, share), _there_and_back(values, share), f"{case}, share {share}", "degrees")
            same(given, values, f"{case}, share {share}: the values that you were given, afterwards", "degrees")
    share, line = 0.25, np.arange(400.0)
    late, centred = (line - filtered(line, share) for filtered in (_forwards, _there_and_back))
    right(f"forwards alone it is {late[200]:.1f} frames behind, there and back {abs(centred[200]):.1f}")


def lost_thing(yours: np.ndarray) -> None:
    """Check that a thing is lost by corners, though it moves in full view.

    Parameters
    ----------
    yours : np.ndarray
        (81, 81, 3) uint8 RGB; a disc is cut from it, and moves over the photo.

    Raises
    ------
    AssertionError
        If there is no answer, it is no such picture, or it is followed to the end.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    side = 2 * RADIUS_PX + 1
    answered(yours, "the thing")
    given = np.asarray(yours)
    if given.shape != (side, side, 3) or given.dtype != np.uint8:
        raise AssertionError(
            f"the thing: yours is {given.dtype} {given.shape}, it should be uint8 ({side}, {side}, 3): a picture to "
            "cut a disc from"
        )
    rng = np.random.default_rng(7)
    frames, error_deg = _followed(rng.integers(60, 255, (side, side, 3)).astype(np.uint8))
    assert frames == FRAMES and error_deg < LOST_DEG, "the speckled disc is lost; please report it"
    frames, mine_deg = _followed(given)
    if frames == FRAMES and mine_deg < LOST_DEG:
        raise AssertionError(
            f"the thing: yours is followed through all {FRAMES} frames, {mine_deg:.1f} degrees off at most; what do "
            "corners need that it could be without?"
        )
    after = f"given up after {frames} of {FRAMES} frames" if frames < FRAMES else "kept, but in the wrong place"
    right(
        f"a speckled disc is followed to {error_deg:.1f} degrees; yours is {mine_deg:.0f} degrees off at most, and "
        f"{after}"
    )


def three_turns() -> tuple[np.ndarray, int]:
    """A source that circles three times round the listener of a room that rings, with a sound that comes round, too.

    Returns
    -------
    phi : np.ndarray
        (2, T) float32, left and right; T is three turns, and the end of the reverberation.
    turn : int
        Samples of a turn.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    noise = np.fft.rfft(np.random.default_rng(3).normal(size=SOUND))
    noise[len(noise) // 4 :] = 0
    sound = folded(np.fft.irfft(noise, SOUND), TURN, FADE)
    angles = 2 * np.pi * np.arange(3 * 25 + 1) / 25
    room = Room((7.0, 6.0, 3.0), (3.0, 2.5, 1.5), absorption=0.15, max_order=12)
    path_m = np.array(room.listener_m) + 1.5 * np.stack([np.sin(angles), np.cos(angles), 0 * angles], axis=1)
    phi = render_path(np.tile(sound, 3), room, path_m, np.arange(3 * 25 + 1) / 25, "stereo", sample_rate=SAMPLE_RATE)
    return phi, TURN


def first_turn_lacks_db(yours: float) -> None:
    """Check how strong that is which the first of `three_turns` lacks.

    Parameters
    ----------
    yours : float
        Energy of the difference between the second turn and the first, over that of the second, in dB.

    Raises
    ------
    AssertionError
        If it is farther than 0.5 dB from what is measured here.

    Notes
    -----
    Notebook: 07_moving_pictures.
    """
    phi, turn = three_turns()
    first, second, third = (phi[:, k * turn : (k + 1) * turn].astype(np.float64) for k in range(3))
    lacks_db, differs_db = (
        10 * np.log10(max(float(np.sum((one - other) ** 2) / np.sum(one**2)), 1e-30))
        for one, other in ((second, first), (third, second))
    )
    within(yours, lacks_db, 0.5, "the second turn less the first, over the second", "dB")
    right(f"the first lacks the reverberation of a turn before it; the third less the second is {differs_db:.0f} dB")


def _speeds() -> dict[str, float]:
    return dict(zip("abc", np.random.default_rng(5).permutation(SPEEDS_M_S).tolist()))


def _fall(speed: float) -> float:
    """By which share the pitch falls of what comes straight on and then goes away."""
    return 1 - (SPEED_OF_SOUND_M_S - speed) / (SPEED_OF_SOUND_M_S + speed)


def _forwards(values: np.ndarray, share: float) -> np.ndarray:
    smoothed = np.array(values, dtype=np.float64)
    for k in range(1, len(smoothed)):
        smoothed[k] = smoothed[k - 1] + share * (values[k] - smoothed[k - 1])
    return smoothed


def _there_and_back(values: np.ndarray, share: float) -> np.ndarray:
    return _forwards(_forwards(values, share)[::-1], share)[::-1]


def _followed(thing: np.ndarray) -> tuple[int, float]:
    """Through how many frames a disc is followed, and its largest error until then, in degrees."""
    import cv2

    ground = np.ascontiguousarray(read_image(demo_photo())[::2, ::2])
    size = ground.shape[1::-1]
    y, x = np.mgrid[-RADIUS_PX : RADIUS_PX + 1, -RADIUS_PX : RADIUS_PX + 1]
    disc = (x**2 + y**2 <= RADIUS_PX**2).astype(np.float32)
    path_px = np.array([100.0, 200.0]) + STEP_PX * np.arange(FRAMES + 1)[:, None] * [1.0, 0.2]

    def frame(place_px: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shift = np.array([[1, 0, place_px[0] - RADIUS_PX], [0, 1, place_px[1] - RADIUS_PX]])
        cover = cv2.warpAffine(disc, shift, size)[..., None]
        I = np.round(ground * (1 - cover) + cv2.warpAffine(thing, shift, size) * cover).astype(np.uint8)
        return I, cover[..., 0] > 0.5

    before, mask = frame(path_px[0])
    track, found = start_track(before, mask), []
    for place_px in path_px[1:]:
        after, _ = frame(place_px)
        follow(before, after, [track], FRAMES_PER_S)
        if track.state == GONE:
            break
        found.append(track.place_px)
        before = after
    errors = _azimuths(np.array(found), size) - _azimuths(path_px[1 : len(found) + 1], size) if found else np.zeros(1)
    return len(found), float(np.abs(errors).max())


def _azimuths(places_px: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return directions(lift(places_px, np.ones(len(places_px)), size))[0]
