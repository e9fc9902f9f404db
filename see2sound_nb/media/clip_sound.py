"""The sound track that a clip brings along.

Notebook: 07_moving_pictures.
"""

from __future__ import annotations

import math

import numpy as np

from see2sound_nb.media.clips import Clip
from see2sound_nb.media.films import ensure_av, open_container

#: What is heard more than this much before or after where the sound so far ends is put where its time stamp says.
GAP_S = 0.02


def read_sound(clip: Clip, sample_rate: int) -> np.ndarray:
    """Read the sound track of a clip, in step with its pictures.

    Parameters
    ----------
    clip : Clip
        One whose ``sound`` is not None.
    sample_rate : int
        What is wanted, in Hz.

    Returns
    -------
    np.ndarray
        (n_ch, T) float32, full scale 1: sample 0 is heard when the first frame is shown, and T is
        ``round(clip.end_s * sample_rate)``; silence where the track has nothing. The channels are in FFmpeg's order
        (FL FR FC LFE SL SR for 5.1).

    Raises
    ------
    ValueError
        If the clip has no sound track, or none of it can be decoded.

    Notes
    -----
    Resampled by a linear-phase filter: nothing is delayed. Notebook: 07_moving_pictures.
    """
    if clip.sound is None or clip.path is None:
        raise ValueError(f"{clip.path or 'the clip'} has no sound track; ask for it only where clip.sound is not None")
    channels, rate = clip.sound
    sound = np.zeros((math.ceil(clip.end_s * rate), channels), np.float32)
    upto: int | None = None  # where what has been heard so far ends, in samples from the first frame
    for block, time_s in _blocks(clip):
        start = round((time_s - clip.start_s) * rate)
        if upto is not None and abs(start - upto) <= GAP_S * rate:
            start = upto  # time stamps are rounded, to the millisecond in MKV
        upto = start + len(block)
        first, last = max(0, start), min(len(sound), upto)
        if first < last:
            sound[first:last] = block[first - start : last - start]
    if upto is None:
        raise ValueError(f"nothing of the sound track of {clip.path} can be decoded; leave it out or export it as AAC")
    return fitted(resampled(sound.T, rate, sample_rate), round(clip.end_s * sample_rate))


def resampled(sound: np.ndarray, rate: int, sample_rate: int) -> np.ndarray:
    """(n_ch, T) float from one sample rate to another, both in Hz; float32, not delayed."""
    from scipy.signal import resample_poly

    if rate == sample_rate:
        return np.asarray(sound, np.float32)
    shared = math.gcd(int(rate), int(sample_rate))
    up, down = int(sample_rate) // shared, int(rate) // shared
    # One channel at a time: SciPy's copies would otherwise be as large as all of them.
    out = np.empty((len(sound), -(-sound.shape[1] * up // down)), np.float32)
    for channel, row in zip(sound, out):
        row[:] = resample_poly(channel.astype(np.float32), up, down)
    return out


def fitted(sound: np.ndarray, length: int) -> np.ndarray:
    """(n_ch, T) cut to a length in samples, or filled up with silence."""
    missing = length - sound.shape[1]
    return np.pad(sound, ((0, 0), (0, missing))) if missing > 0 else sound[:, :length]


def _blocks(clip: Clip):
    """The decoded sound, (n, n_ch) float32, with the time of its first sample by the file's clock, in seconds."""
    av = ensure_av()
    assert clip.path is not None and clip.sound is not None
    # PyAV ends the process when it turns planar sound of many channels into arrays: packed first, always.
    packer = av.AudioResampler(format="flt")
    with open_container(clip.path, clip.kind) as container:
        stream = container.streams.best("audio")
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:
                packet = None  # cut off: what came is used
            try:
                frames = stream.codec_context.decode(packet)
            except av.error.FFmpegError:
                frames = []
            for frame in frames:
                time_s = frame.time
                for packed in packer.resample(frame):
                    block = packed.to_ndarray().reshape(-1, packed.layout.nb_channels)
                    if time_s is not None and block.shape[1] == clip.sound[0] and packed.sample_rate == clip.sound[1]:
                        yield block, time_s
            if packet is None:
                return
