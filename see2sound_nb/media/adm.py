"""Object-based sound: the Audio Definition Model (ADM) in BW64, which cinema and broadcast tools render for any layout.

An object is a mono sound with a name, a place, and a gain; places and gains change from block to block. What comes from
everywhere, the ambience and a room's reflections, is a bed of Ambisonics beside them. Nothing is mixed: a renderer
does that, for the loudspeakers that it has.

Notebook: 09_your_own.
"""

from __future__ import annotations

import os
import pathlib
import re
import struct
from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np

from see2sound_nb.media.files import check_suffix
from see2sound_nb.media.riff import bext_chunk, fmt_chunks, info_chunk, write_riff
from see2sound_nb.media.sound_files import check_peak, check_sample_rate

#: What the samples of an ADM file can be written as.
ADM_SUBTYPES = ("PCM_16", "PCM_24")
#: Orders of Ambisonics that BS.2094 has definitions for.
_BED_ORDERS = range(1, 7)
#: Times are written with five decimals.
_TICKS = 100_000
#: The first block of a moving object is its first place, for so long at most, in ticks: a renderer fades from the
#: block before to the next one, and the first has none before it.
_HOLD = 500
#: What XML 1.0 has no place for.
_NOT_IN_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Track(NamedTuple):
    """One channel of the file, and the formats that say what it is."""

    channel_format: str  # the eight digits of AC, AS and AT
    pack: str  # those of AP


class _Blocks(NamedTuple):
    """The blocks of an object: B of them, each the way to a place and a gain, which its end reaches."""

    ends: np.ndarray  # (B,) int64, ticks; none begins before the one before it ends
    places: np.ndarray  # (B, 4): azimuth and elevation in degrees, distance in absolute distances, gain
    absolute_distance_m: float


def write_adm(
    path: str | os.PathLike,
    sounds: np.ndarray,
    sample_rate: int,
    *,
    names: Sequence[str],
    times_s: np.ndarray,
    paths_m: np.ndarray,
    gains_db: np.ndarray | None = None,
    bed: np.ndarray | None = None,
    bed_name: str = "Ambience and reflections",
    programme: str = "Scene",
    subtype: str = "PCM_24",
    description: str | None = None,
) -> pathlib.Path:
    """Write sounds with their places as ADM in BW64.

    Parameters
    ----------
    path : str or path
        The file to write, ``.wav``; it appears only when it is complete.
    sounds : np.ndarray
        (N, T) float, full scale 1: what each object plays, as loud as it is at 1 m. N may be 0 where there is a bed.
    sample_rate : int
        In Hz, 8000 to 192000; renderers expect 48000.
    names : sequence of str
        N names, of objects.
    times_s : np.ndarray
        (P,) float, seconds, increasing: when the places are reached. Before the first and after the last an object
        rests.
    paths_m : np.ndarray
        (P, N, 3) float, metres, listener's frame. P is 1 for objects at rest.
    gains_db : np.ndarray, optional
        (N,) or (P, N) float, what each object is louder by than its distance makes it; minus infinity for silence.
        0 unless given.
    bed : np.ndarray, optional
        (n, T) float, full scale 1, AmbiX (ACN, SN3D) of order 1 to 6, n = (order + 1)^2: what comes from everywhere.
    bed_name, programme : str
        Names of the bed and of the whole.
    subtype : str
        ``"PCM_16"`` or ``"PCM_24"``.
    description : str, optional
        As in `media.sound_files.write_wav`.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    ValueError
        If there is nothing to write, a shape is wrong, a sample is NaN or beyond full scale, a time, place or gain is
        none, an object is where the listener is, or the file cannot be written.

    Notes
    -----
    ADM: ITU-R BS.2076-2; its common definitions: BS.2094; its renderer: BS.2127; the file: BS.2088. Up to 4 GB the file
    is called RIFF, beyond it BW64, as BS.2088 has it; both have the same chunks ``chna`` and ``axml``.

    **Level.** ADM renderers do nothing for distance but widen what is near, so that a distance of 0.5 makes a point 48
    degrees wide. So the level is in the gain: the sound at 1 m, times 1 m over the distance. The distance is written in
    units of the object's own nearest place, which is its pack's ``absoluteDistance`` in metres: it is 1 for what rests,
    and never less. Thus metres are in the file, and points stay points.

    **Time.** Each block is the way from the block before it to the place that it names, and takes as long as it lasts
    (``jumpPosition`` 0). A renderer of BS.2127 fades the gains of its loudspeakers, so that between two places their
    mixture is heard, as in `render.moving.render_moving`. Times are written to 10 microseconds. Where nothing changes
    there is one block.

    No object reaches the LFE: in ADM that is for the renderer to decide, and that of BS.2127 sends none there.
    Notebook: 09_your_own.
    """
    check_suffix(path, [".wav"], "an ADM file")
    sample_rate = check_sample_rate(sample_rate)
    if subtype not in ADM_SUBTYPES:
        raise ValueError(f"subtype {subtype!r} is none of an ADM file; choose one of {', '.join(ADM_SUBTYPES)}")
    sounds = _sounds(sounds, "sounds")
    channels = [sounds] if len(sounds) else []
    if bed is not None:
        bed = _sounds(bed, "bed")
        order = round(len(bed) ** 0.5) - 1
        if order not in _BED_ORDERS or len(bed) != (order + 1) ** 2:
            raise ValueError(f"the bed has {len(bed)} channels; AmbiX of order 1 to 6 has 4, 9, 16, 25, 36 or 49")
        if len(sounds) and bed.shape[1] != sounds.shape[1]:
            raise ValueError(f"the bed has {bed.shape[1]} samples and the sounds {sounds.shape[1]}; make them as long")
        channels.append(bed)
    if not channels or not channels[0].shape[1]:
        raise ValueError(f"sounds of shape {sounds.shape} and no bed are nothing to write; give one or the other")
    if len(names) != len(sounds):
        raise ValueError(f"there are {len(names)} names for {len(sounds)} sounds; give each one")
    frames = channels[0].shape[1]
    end = -(-frames * _TICKS // sample_rate)  # no sample is behind the last block
    objects = _objects(np.asarray(times_s), np.asarray(paths_m), gains_db, len(sounds), end)

    tracks = [_Track(f"0003{0x1001 + k:04x}", f"0003{0x1001 + k:04x}") for k in range(len(sounds))]
    if bed is not None:
        tracks += [_Track(f"0004{acn + 1:04x}", f"0004{order:04x}") for acn in range(len(bed))]
    bits = 16 if subtype == "PCM_16" else 24
    bed_called = None if bed is None else bed_name
    axml = _axml(programme, list(zip(names, objects)), bed_called, tracks, end, sample_rate, bits)
    before = [*fmt_chunks(len(tracks), sample_rate, subtype, None, frames), (b"chna", _chna(tracks))]
    after = [(b"axml", axml)]
    if description is not None:
        before.append(bext_chunk(description))
        after.append(info_chunk(description))
    return write_riff(path, before, channels, subtype, after, large_form=b"BW64")


def _sounds(sounds: np.ndarray, name: str) -> np.ndarray:
    sounds = np.asarray(sounds)
    if sounds.ndim != 2:
        raise ValueError(f"{name} has the shape {sounds.shape}; it must be (channels, samples)")
    check_peak(sounds, name)
    return sounds


def _objects(
    times_s: np.ndarray, paths_m: np.ndarray, gains_db: np.ndarray | None, count: int, end: int
) -> list[_Blocks]:
    """The blocks of each object, from the start to `end`."""
    times_s, paths_m = times_s.astype(np.float64), paths_m.astype(np.float64)
    if times_s.ndim != 1 or not len(times_s) or paths_m.shape != (len(times_s), count, 3):
        raise ValueError(
            f"times_s has the shape {times_s.shape} and paths_m {paths_m.shape}; they must be (P,) and (P, {count}, 3)"
        )
    if not (np.isfinite(times_s).all() and (np.diff(times_s) > 0).all()):
        raise ValueError("times_s must be finite and increase from each place to the next; sort them")
    if not np.isfinite(paths_m).all():
        raise ValueError("paths_m holds what is no number; every place is three of metres")
    levels_db = np.zeros(count) if gains_db is None else np.asarray(gains_db, dtype=np.float64)
    if levels_db.shape not in ((count,), (len(times_s), count)) or not (levels_db < np.inf).all():
        raise ValueError(
            f"gains_db of shape {levels_db.shape} must be ({count},) or ({len(times_s)}, {count}), in dB or -inf"
        )
    levels = np.broadcast_to(10 ** (levels_db / 20), paths_m.shape[:2])

    ticks = np.round(times_s * _TICKS)
    grid = np.unique(np.concatenate([[0], ticks[(ticks > 0) & (ticks < end)], [end]])).astype(np.int64)
    found = []
    for path, level in zip(paths_m.transpose(1, 0, 2), levels.T):
        x, y, z = (np.interp(grid, ticks, coordinate) for coordinate in path.T)
        distance = np.sqrt(x**2 + y**2 + z**2)
        nearest = float(distance.min())
        if not nearest > 1e-3:
            raise ValueError(f"an object comes to {nearest} m of the listener, and is nowhere then; move it away")
        places = np.stack(
            [
                np.degrees(np.arctan2(-x, y)),
                np.degrees(np.arctan2(z, np.hypot(x, y))),
                distance / nearest,
                np.interp(grid, ticks, level) / distance,
            ],
            axis=1,
        )
        found.append(_Blocks(*_blocks(grid, places), nearest))
    return found


def _blocks(grid: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ends (B,) of the blocks, and what each reaches (B, 4), for places (G, 4) at the moments `grid` (G,)."""
    same = (np.diff(places, axis=0) == 0).all(axis=1)
    changes = np.flatnonzero(~(same[:-1] & same[1:])) + 1  # a moment within a rest needs no block to end there
    ends, reached = grid[[*changes, -1]], places[[*changes, -1]]
    hold = 0 if same[0] else min(_HOLD, int(ends[0]) // 2)
    if hold:
        ends, reached = np.concatenate([[hold], ends]), np.concatenate([places[:1], reached])
    return ends, reached


def _chna(tracks: Sequence[_Track]) -> bytes:
    """Which channel of the file is which track of the model (BS.2088, chapter 8)."""
    rows = (
        struct.pack(
            "<H12s14s11sx",
            index,
            f"ATU_{index:08x}".encode(),
            f"AT_{track.channel_format}_01".encode(),
            f"AP_{track.pack}".encode(),
        )
        for index, track in enumerate(tracks, start=1)
    )
    return struct.pack("<HH", len(tracks), len(tracks)) + b"".join(rows)


def _axml(
    programme: str, objects: list[tuple[str, _Blocks]], bed_name: str | None, tracks: Sequence[_Track], end: int,
    sample_rate: int, bits: int,
) -> bytes:  # fmt: skip
    """The model in XML, in UTF-8: the programme and its contents, the objects, their formats, the tracks."""
    contents = [("Sources", range(len(objects)))] if objects else []
    if bed_name is not None:
        contents.append((bed_name, range(len(objects), len(objects) + 1)))
    lasts = f'start="{_time(0)}" duration="{_time(end)}"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<ebuCoreMain xmlns="urn:ebu:metadata-schema:ebuCore_2016"><coreMetadata><format>'
        '<audioFormatExtended version="ITU-R_BS.2076-2">',
        f'<audioProgramme audioProgrammeID="APR_1001" audioProgrammeName={_quoted(programme)} start="{_time(0)}" '
        f'end="{_time(end)}">',
        *(f"<audioContentIDRef>ACO_{0x1001 + k:04x}</audioContentIDRef>" for k in range(len(contents))),
        "</audioProgramme>",
    ]
    for k, (name, inside) in enumerate(contents):
        lines += [
            f'<audioContent audioContentID="ACO_{0x1001 + k:04x}" audioContentName={_quoted(name)}>',
            *(f"<audioObjectIDRef>AO_{0x1001 + number:04x}</audioObjectIDRef>" for number in inside),
            "</audioContent>",
        ]
    names = [name for name, _ in objects] + ([] if bed_name is None else [bed_name])
    for k, name in enumerate(names):
        played = range(k, k + 1) if k < len(objects) else range(k, len(tracks))
        lines += [
            f'<audioObject audioObjectID="AO_{0x1001 + k:04x}" audioObjectName={_quoted(name)} {lasts}>',
            f"<audioPackFormatIDRef>AP_{tracks[k].pack}</audioPackFormatIDRef>",
            *(f"<audioTrackUIDRef>ATU_{index + 1:08x}</audioTrackUIDRef>" for index in played),
            "</audioObject>",
        ]
    for track, (name, blocks) in zip(tracks, objects):
        lines += _formats(track.channel_format, _quoted(name), blocks)
    for index, track in enumerate(tracks, start=1):
        lines += [
            f'<audioTrackUID UID="ATU_{index:08x}" sampleRate="{sample_rate}" bitDepth="{bits}">',
            f"<audioTrackFormatIDRef>AT_{track.channel_format}_01</audioTrackFormatIDRef>",
            f"<audioPackFormatIDRef>AP_{track.pack}</audioPackFormatIDRef>",
            "</audioTrackUID>",
        ]
    return "\n".join([*lines, "</audioFormatExtended></format></coreMetadata></ebuCoreMain>", ""]).encode()


def _formats(digits: str, name: str, blocks: _Blocks) -> list[str]:
    """The pack, channel, stream and track format of one object."""
    kind, pcm = 'typeLabel="0003" typeDefinition="Objects"', 'formatLabel="0001" formatDefinition="PCM"'
    lines = [
        f'<audioPackFormat audioPackFormatID="AP_{digits}" audioPackFormatName={name} {kind}>',
        f"<audioChannelFormatIDRef>AC_{digits}</audioChannelFormatIDRef>",
        f"<absoluteDistance>{blocks.absolute_distance_m:.6f}</absoluteDistance>",
        "</audioPackFormat>",
        f'<audioChannelFormat audioChannelFormatID="AC_{digits}" audioChannelFormatName={name} {kind}>',
    ]
    start = 0
    for number, (end, place) in enumerate(zip(blocks.ends.tolist(), blocks.places.tolist()), start=1):
        azimuth, elevation, distance, gain = place
        lines.append(
            f'<audioBlockFormat audioBlockFormatID="AB_{digits}_{number:08x}" rtime="{_time(start)}" '
            f'duration="{_time(end - start)}"><cartesian>0</cartesian>'
            f'<position coordinate="azimuth">{azimuth:.4f}</position>'
            f'<position coordinate="elevation">{elevation:.4f}</position>'
            f'<position coordinate="distance">{distance:.6f}</position>'
            f"<gain>{gain:.8f}</gain><jumpPosition>0</jumpPosition></audioBlockFormat>"
        )
        start = end
    return [
        *lines,
        "</audioChannelFormat>",
        f'<audioStreamFormat audioStreamFormatID="AS_{digits}" audioStreamFormatName={name} {pcm}>',
        f"<audioChannelFormatIDRef>AC_{digits}</audioChannelFormatIDRef>",
        f"<audioTrackFormatIDRef>AT_{digits}_01</audioTrackFormatIDRef>",
        "</audioStreamFormat>",
        f'<audioTrackFormat audioTrackFormatID="AT_{digits}_01" audioTrackFormatName={name} {pcm}>',
        f"<audioStreamFormatIDRef>AS_{digits}</audioStreamFormatIDRef>",
        "</audioTrackFormat>",
    ]


def _time(ticks: int) -> str:
    """hh:mm:ss.zzzzz (BS.2076, chapter on time parameters)."""
    seconds, fraction = divmod(ticks, _TICKS)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:05d}"


def _quoted(name: str) -> str:
    """A name as the value of an attribute, quoted; what XML cannot hold becomes a question mark."""
    return quoteattr(_NOT_IN_XML.sub("?", name))
