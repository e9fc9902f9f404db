"""From images of a source to loudspeakers and ears (section 4.3, Eq. 5).

Every arrival is weighted by where it comes from: panned between the loudspeakers of 5.1 (ITU-R BS.775) or
stereo, encoded into first-order Ambisonics (AmbiX), or filtered by a measured head. All is linear: sources
add, and the full scene equals the sum of its sources.

Notebook: 00_start_here.
"""

from __future__ import annotations

import numpy as np

from see2sound_nb.geometry import directions
from see2sound_nb.hrtf import HRTF, load_hrtf
from see2sound_nb.room import SPEED_OF_SOUND_M_S, Room, image_sources, sum_of_arrivals

#: Channels of each layout, in the order of the rows of a rendering.
LAYOUTS = {
    "5.1": ("FL", "FR", "FC", "LFE", "SL", "SR"),
    "stereo": ("L", "R"),
    "binaural": ("L", "R"),
    "foa": ("W", "Y", "Z", "X"),
}
#: Azimuths in degrees (positive to the left) of the five full-range loudspeakers, ITU-R BS.775-4.
SPEAKERS_DEG = {"FL": 30.0, "FR": -30.0, "FC": 0.0, "SL": 110.0, "SR": -110.0}
#: The LFE carries what is below this frequency; replay systems add 10 dB to it, so it is fed 10 dB less.
LFE_CUTOFF_HZ, LFE_GAIN_DB = 120.0, -10.0
#: The filter of the LFE rings on for so long after the last arrival.
LFE_TAIL_S = 0.05
#: The loudest sample of a rendering, in dB of full scale.
MASTER_PEAK_DB = -1.0


def check_layout(layout: str) -> str:
    """Return `layout`, or raise ValueError if it is not one of `LAYOUTS`."""
    if layout not in LAYOUTS:
        raise ValueError(f"layout {layout!r} is unknown; choose one of {', '.join(LAYOUTS)}")
    return layout


def pan_5_1(vectors: np.ndarray) -> np.ndarray:
    """Gains of the five full-range loudspeakers for arrivals from given directions.

    Pairwise amplitude panning (VBAP, Pulkki 1997) between the two loudspeakers that enclose the azimuth; the
    power of the gains is 1 for every direction. Elevation is ignored: the layout is flat.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the arrivals, listener's frame, of any length.

    Returns
    -------
    np.ndarray
        (n, 5) float64, FL, FR, FC, SL, SR.
    """
    names = ("FL", "FR", "FC", "SL", "SR")
    azimuth = directions(vectors)[0]
    gains = np.zeros((len(azimuth), 5))
    ring = sorted(names, key=SPEAKERS_DEG.__getitem__)  # SR, FR, FC, FL, SL: from right to left
    for first, second in zip(ring, ring[1:] + ring[:1]):
        start = SPEAKERS_DEG[first]
        arc = (SPEAKERS_DEG[second] - start) % 360
        along = (azimuth - start) % 360
        here = along < arc
        pair = np.stack([np.sin(np.radians(arc - along[here])), np.sin(np.radians(along[here]))], axis=1)
        pair /= np.linalg.norm(pair, axis=1, keepdims=True)
        gains[here, names.index(first)], gains[here, names.index(second)] = pair.T
    return gains


def pan_stereo(vectors: np.ndarray) -> np.ndarray:
    """Gains of two loudspeakers at +-30 degrees, with constant power.

    The pan follows the sine of the lateral angle, so what is behind sounds where its mirror image in front
    would; a source 30 degrees or more to the side comes from one loudspeaker alone.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the arrivals, listener's frame.

    Returns
    -------
    np.ndarray
        (n, 2) float64, L and R.
    """
    lateral = -vectors[:, 0] / np.linalg.norm(vectors, axis=1)  # sine of the angle to the left
    pan = np.clip(lateral / np.sin(np.radians(30)), -1, 1)
    angle = (1 - pan) * np.pi / 4
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def encode_foa(vectors: np.ndarray) -> np.ndarray:
    """First-order Ambisonics gains in AmbiX order.

    Parameters
    ----------
    vectors : np.ndarray
        (n, 3) float, towards the arrivals, listener's frame.

    Returns
    -------
    np.ndarray
        (n, 4) float64: W, Y, Z, X (ACN order, SN3D): 1, then the direction cosines to the left, up and front.
    """
    right, front, up = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).T
    return np.stack([np.ones_like(up), -right, up, front], axis=1)


def impulse_responses(
    room: Room, positions_m: np.ndarray, layout: str, *, sample_rate: int = 16000, hrtf: HRTF | None = None
) -> np.ndarray:
    """Impulse responses from every source to every channel of a layout (Eq. 4).

    A source at 1 m in the open arrives with amplitude 1 at time distance / c; amplitudes fall as 1/distance.

    Parameters
    ----------
    room : Room
    positions_m : np.ndarray
        (N, 3) float, metres, listener's frame.
    layout : str
        One of `LAYOUTS`.
    sample_rate : int
        In Hz.
    hrtf : HRTF, optional
        The head for ``"binaural"``, at the same sample rate; by default the shipped MIT KEMAR.

    Returns
    -------
    np.ndarray
        h, (N, n_ch, L) float32.

    Raises
    ------
    ValueError
        If the layout is unknown or a source is outside the room.

    Notes
    -----
    Paper: section 4.3, Eq. 4. Notebook: 00_start_here.
    """
    check_layout(layout)
    responses = []
    for position in np.asarray(positions_m, dtype=np.float64).reshape(-1, 3):
        images, reflection = image_sources(room, position)
        if layout == "binaural":
            responses.append(_binaural(images, reflection, hrtf or load_hrtf(sample_rate=sample_rate), sample_rate))
        elif layout == "5.1" and room.microphones_m is not None:
            responses.append(_microphones(images, reflection, room, sample_rate))
        else:
            responses.append(_panned(images, reflection, layout, sample_rate))
    length = max(h.shape[-1] for h in responses)
    return np.stack([np.pad(h, ((0, 0), (0, length - h.shape[-1]))) for h in responses]).astype(np.float32)


def _panned(images: np.ndarray, reflection: np.ndarray, layout: str, sample_rate: int) -> np.ndarray:
    distance = np.linalg.norm(images, axis=1)
    gains = {"5.1": pan_5_1, "stereo": pan_stereo, "foa": encode_foa}[layout](images)
    if layout == "5.1":  # the LFE's place holds the omnidirectional response until it is low-passed
        gains = np.insert(gains, 3, 1.0, axis=1)
    h = sum_of_arrivals(distance / SPEED_OF_SOUND_M_S, gains * (reflection / distance)[:, None], sample_rate)
    if layout == "5.1":
        h = np.pad(h, ((0, 0), (0, int(LFE_TAIL_S * sample_rate))))
        h[3] = low_pass(h[3], sample_rate) * 10 ** (LFE_GAIN_DB / 20)
    return h


def low_pass(h: np.ndarray, sample_rate: int) -> np.ndarray:
    """The LFE's filter: a Butterworth low-pass of order 4 at `LFE_CUTOFF_HZ`, (..., L) in and out."""
    from scipy.signal import butter, sosfilt

    return sosfilt(butter(4, LFE_CUTOFF_HZ, fs=sample_rate, output="sos"), h)


def _microphones(images: np.ndarray, reflection: np.ndarray, room: Room, sample_rate: int) -> np.ndarray:
    channels = []
    for microphone in np.asarray(room.microphones_m) - room.listener_m:
        distance = np.linalg.norm(images - microphone, axis=1)
        channels.append(
            sum_of_arrivals(distance / SPEED_OF_SOUND_M_S, (reflection / distance)[:, None], sample_rate)[0]
        )
    length = max(map(len, channels))
    return np.stack([np.pad(h, (0, length - len(h))) for h in channels])


def _binaural(images: np.ndarray, reflection: np.ndarray, hrtf: HRTF, sample_rate: int) -> np.ndarray:
    if hrtf.sample_rate != sample_rate:
        raise ValueError(f"the HRTF is at {hrtf.sample_rate} Hz, the sound at {sample_rate} Hz; load it at that rate")
    distance = np.linalg.norm(images, axis=1)
    nearest, group = np.unique(hrtf.nearest(images), return_inverse=True)
    length = int(distance.max() / SPEED_OF_SOUND_M_S * sample_rate) + 42 + hrtf.responses.shape[-1]
    size = 1 << (length - 1).bit_length()
    spectrum = np.zeros((2, size // 2 + 1), dtype=np.complex128)
    for k, measured in enumerate(nearest):  # arrivals from one measured direction share one filter
        these = group == k
        arrivals = sum_of_arrivals(
            distance[these] / SPEED_OF_SOUND_M_S, (reflection / distance)[these, None], sample_rate
        )
        spectrum += np.fft.rfft(arrivals[0], size) * np.fft.rfft(hrtf.responses[measured], size)
    return np.fft.irfft(spectrum, size)[:, :length]


def render_channels(A: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Play the sources in the room: phi_ch = sum over sources of A * h_ch (Eq. 5).

    Parameters
    ----------
    A : np.ndarray
        (N, T) float, mono audio.
    h : np.ndarray
        (N, n_ch, L) float, impulse responses.

    Returns
    -------
    np.ndarray
        phi, (n_ch, T + L - 1) float32, without any normalisation.

    Notes
    -----
    Paper: section 4.3, Eq. 5. Notebook: 00_start_here.
    """
    from scipy.signal import oaconvolve

    return sum(oaconvolve(a[None], h_k, axes=-1) for a, h_k in zip(np.asarray(A), np.asarray(h))).astype(np.float32)


def master_gain_db(phi: np.ndarray) -> float:
    """One gain for all channels that brings the loudest sample to `MASTER_PEAK_DB`.

    Parameters
    ----------
    phi : np.ndarray
        (n_ch, T) float.

    Returns
    -------
    float
        In dB; 0 for silence.
    """
    peak = float(np.abs(phi).max(initial=0.0))
    return MASTER_PEAK_DB - 20 * np.log10(peak) if peak > 0 else 0.0
