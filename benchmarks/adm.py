"""ADM files: how fast they are written, and what the EBU's own renderer makes of them.

    python benchmarks/adm.py                  # speed, as a ratio to real time
    python benchmarks/adm.py --ear build/ear  # what ear 2.1.0 hears, beside our own renderings

`ear` is the EBU's renderer (ITU-R BS.2127). It needs NumPy 1, and Python 3.8 to 3.12, so it gets an environment of its
own in the folder that is named, once. It must print nothing: no warning, no error, in its strict mode. Then its levels
are compared, loudspeaker by loudspeaker, with what `Scene.render` would play: the direct sound of our rendering, for
many directions and distances, along a path, and for a photo. A bed of Ambisonics must come as loud as objects do, from
where it was encoded. Where the two renderers differ by design, the table says by how much.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

from see2sound_nb.media.adm import write_adm
from see2sound_nb.places.frames import directions as directions_of
from see2sound_nb.places.frames import unit_vectors
from see2sound_nb.render.channels import render_channels
from see2sound_nb.render.layouts import LAYOUTS, LOUDSPEAKERS
from see2sound_nb.render.moving import render_path
from see2sound_nb.render.responses import impulse_responses
from see2sound_nb.room.shoebox import Room
from see2sound_nb.room.spherical_harmonics import encode

EAR = "ear==2.1.0"
RATE = 48000
#: Our layouts, the names of BS.2051 for them, and our channels in the order of theirs.
SYSTEMS = {
    "5.1": ("0+5+0", ("FL", "FR", "FC", "LFE", "SL", "SR")),
    "7.1.4": ("4+7+0", ("FL", "FR", "FC", "LFE", "SL", "SR", "BL", "BR", "TFL", "TFR", "TBL", "TBR")),
}
#: A level counts down to so many dB below the whole; two that are both below it agree.
FLOOR_DB = -40.0
AGREE_DB = 0.5
#: The direct sound alone.
OPEN = Room(size_m=(40, 40, 40), listener_m=(20, 20, 20), absorption=1.0, max_order=0)
SLOT = 960  # samples for each direction


def main() -> None:
    """Time the writing, or ask the renderer."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ear", type=pathlib.Path, help="folder of the renderer's environment; made if there is none")
    ear = parser.parse_args().ear
    with tempfile.TemporaryDirectory() as folder:
        if ear is None:
            speed(pathlib.Path(folder))
            return
        python = environment(ear)
        checks = (directions, path, photo, bed)
        failed = [check.__name__ for check in checks if not check(python, pathlib.Path(folder))]
    if failed:
        sys.exit(f"not as ours: {', '.join(failed)}")
    print("ear's checks: silent; all levels as ours where they should be")


def speed(folder: pathlib.Path) -> None:
    """A scene of 60 s at 48 kHz with ten sources that move, 25 places a second."""
    rng = np.random.default_rng(0)
    sounds = rng.uniform(-0.5, 0.5, (10, 60 * RATE)).astype(np.float32)
    bed = rng.uniform(-0.1, 0.1, (16, 60 * RATE)).astype(np.float32)
    times_s = np.arange(1500) / 25
    azimuth = 20 * times_s[:, None] + 36 * np.arange(10)
    paths_m = unit_vectors(azimuth, np.full_like(azimuth, 5)) * 3
    names = [f"source {k}" for k in range(10)]
    print(
        "| 60 s, 48 kHz, 24 bit, ten moving objects | seconds | times real time | seconds of CPU |\n|---|---|---|---|"
    )
    for name, around in (("alone", None), ("with a bed of order 3", bed)):
        taken = []
        for _ in range(5):
            start = time.perf_counter(), time.process_time()
            write_adm(folder / "a.wav", sounds, RATE, names=names, times_s=times_s, paths_m=paths_m, bed=around)
            taken.append((time.perf_counter() - start[0], time.process_time() - start[1]))
        best, cpu = min(taken)
        print(f"| {name} | {best:.2f} | {60 / best:.0f} | {cpu:.2f} |")


def directions(python: pathlib.Path, folder: pathlib.Path) -> bool:
    """An object in each of 168 directions, each at a distance of its own, one after the other."""
    azimuth, elevation = (
        grid.ravel() for grid in np.meshgrid(np.arange(-180, 180, 15.0), [-30, -15, 0, 15, 30, 45, 75], indexing="ij")
    )
    rng = np.random.default_rng(1)
    positions = unit_vectors(azimuth, elevation) * rng.uniform(0.5, 8, len(azimuth))[:, None]
    sounds = np.zeros((len(azimuth), (len(azimuth) + 1) * SLOT), dtype=np.float32)
    for k, sound in enumerate(sounds):
        sound[k * SLOT : k * SLOT + SLOT // 2] = 0.1 * noise(SLOT // 2, 4000, rng)
    names = [f"{a:.0f}°, {e:.0f}°" for a, e in zip(azimuth, elevation)]
    file = folder / "directions.wav"
    write_adm(file, sounds, RATE, names=names, times_s=[0], paths_m=positions[None])
    well = True
    for layout in SYSTEMS:
        heard = by_ear(python, file, layout)[:, : len(azimuth) * SLOT].reshape(-1, len(azimuth), SLOT)
        theirs = decibels(heard)
        h = impulse_responses(OPEN, positions, layout, sample_rate=RATE)
        parts = [sound[k * SLOT : (k + 1) * SLOT] for k, sound in enumerate(sounds)]
        mine = [full_range(render_channels(part[None], g[None]), layout) for part, g in zip(parts, h)]
        ours = np.stack([decibels(channels) for channels in mine], axis=1)
        apart = differences(ours, theirs)
        alike = as_ours(layout, azimuth, elevation)
        worst = float(apart[:, alike].max())
        print(f"{layout}, {alike.sum()} directions: every loudspeaker within {worst:.2f} dB of ours")
        well &= worst <= AGREE_DB
        loudest = np.argmax(theirs, axis=0)
        sides = [f"{azimuth[k]:.0f}°: {list(LOUDSPEAKERS[layout])[loudest[k]]}" for k in np.flatnonzero(elevation == 0)]
        print(f"  loudest, at the height of the ears: {', '.join(sides)}")
        if not alike.all():
            other = apart[:, ~alike].max(axis=0)
            energy = 10 * np.log10(np.sum(10 ** (theirs / 10), axis=0) / np.sum(10 ** (ours / 10), axis=0))
            print(
                f"  {(~alike).sum()} others: a loudspeaker differs by up to {other.max():.1f} dB (median of directions "
                f"{np.median(other):.1f}), the sum of all by {np.abs(energy).max():.2f} dB"
            )
    return well


def as_ours(layout: str, azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """The directions in which BS.2127 and `render.panning` choose the same loudspeakers.

    5.1: ours is flat, theirs goes to all loudspeakers from 30 degrees on, upwards and downwards. 7.1.4: in the gap at
    the back theirs weighs four loudspeakers by a product of two pans.
    """
    if layout == "5.1":
        return np.abs(elevation) <= 30
    return ~((np.abs(azimuth) > 135) & (elevation > 0) & (elevation < 40))


def path(python: pathlib.Path, folder: pathlib.Path) -> bool:
    """An object on its way from the left behind to the right, near and far, 25 places a second."""
    times_s = np.arange(251) / 25
    part = times_s / times_s[-1]
    distance = 1.5 + np.sin(2 * np.pi * part)
    positions = unit_vectors(120 - 220 * part, 20 * np.sin(np.pi * part)) * distance[:, None]
    sound = 0.1 * noise(10 * RATE, 400, np.random.default_rng(2))
    file = folder / "path.wav"
    write_adm(file, sound[None], RATE, names=["moving"], times_s=times_s, paths_m=positions[:, None])
    well = True
    for layout in SYSTEMS:
        mine = full_range(render_path(sound, OPEN, positions + 20, times_s, layout, sample_rate=RATE), layout)
        heard = by_ear(python, file, layout)
        starts = np.arange(99) * RATE // 10
        # Ours arrives later, by what the sound needs for its way at that moment.
        ways = np.round(np.interp(starts / RATE + 0.05, times_s, distance) / 343 * RATE).astype(int)
        ours = np.stack([decibels(mine[:, i + j : i + j + RATE // 10]) for i, j in zip(starts, ways)], axis=1)
        theirs = np.stack([decibels(heard[:, i : i + RATE // 10]) for i in starts], axis=1)
        worst = float(differences(ours, theirs, floor_db=-30).max())  # at -40 dB a tenth of a degree is 1 dB
        print(f"{layout}, along a path, every tenth of a second: within {worst:.2f} dB")
        well &= worst <= AGREE_DB
    return well


def photo(python: pathlib.Path, folder: pathlib.Path) -> bool:
    """The demo photo, saved as a user does: each source in the open, all of them, and all with room and ambience."""
    import see2sound_nb as s2s

    scene = s2s.See2Sound(preset="tiny").run(s2s.demo_photo(), sources=3, seed=0)
    azimuth, elevation, _ = directions_of(scene.positions_m)
    well = True
    for layout in SYSTEMS:
        for k, source in enumerate(scene.labels):
            file = folder / "source.wav"
            here, sound = scene.positions_m[None, k : k + 1], scene.audio[k : k + 1]
            write_adm(file, sound, scene.sample_rate, names=[source["label"]], times_s=[0], paths_m=here)
            h = scene.free_field().impulse_responses(layout)[k : k + 1]
            mine = full_range(render_channels(sound, h), layout)
            ours, theirs = (decibels(x[:, None]) for x in (mine, by_ear(python, file, layout)))
            worst = float(differences(ours, theirs).max())
            alike = bool(as_ours(layout, azimuth[k], elevation[k]))
            where = f"{source['label']} at {azimuth[k]:.0f}°, {elevation[k]:.0f}°"
            print(f"{layout}, photo, {where}: within {worst:.2f} dB{'' if alike else '; differs by design'}")
            well &= not alike or worst <= AGREE_DB
        for name, part, most_db in (("in the open", scene.free_field(), AGREE_DB), ("in its room", scene, 2.0)):
            file = part.save(folder / "photo.adm.wav", layout="adm")
            mine = full_range(part.mix(layout, sample_rate=RATE), layout)
            ours, theirs = (decibels(x[:, None]) for x in (mine, by_ear(python, file, layout)))
            ours, theirs = (x - 10 * np.log10(np.sum(10 ** (x / 10))) for x in (ours, theirs))
            worst = float(np.abs(ours - theirs)[ours > -20].max())
            print(f"{layout}, photo, all {name}: shares of the loudspeakers within {worst:.2f} dB")
            well &= worst <= most_db
    return well


def bed(python: pathlib.Path, folder: pathlib.Path) -> bool:
    """Plane waves from 24 directions in a bed: as loud as objects on average, from where they were encoded."""
    azimuth = np.arange(-180, 180, 15.0)
    towards = unit_vectors(azimuth, np.zeros_like(azimuth))
    rng = np.random.default_rng(3)
    well = True
    for order, most_deg in ((1, 30), (3, 15)):
        gains = encode(towards, order)
        waves = np.zeros((gains.shape[1], (len(azimuth) + 1) * SLOT), dtype=np.float32)
        burst = 0.1 * noise(SLOT // 2, 4000, rng)
        for k, gain in enumerate(gains):
            waves[:, k * SLOT : k * SLOT + SLOT // 2] = gain[:, None] * burst
        file = folder / "bed.wav"
        nothing = np.zeros((0, waves.shape[1]), dtype=np.float32)
        write_adm(file, nothing, RATE, names=[], times_s=[0], paths_m=np.zeros((1, 0, 3)), bed=waves)
        for layout in SYSTEMS:
            heard = by_ear(python, file, layout)[:, : len(azimuth) * SLOT].reshape(-1, len(azimuth), SLOT)
            power = np.sum(heard**2, axis=2) / np.sum(burst**2)
            speakers = unit_vectors(*np.array(list(LOUDSPEAKERS[layout].values()), dtype=float).T)
            x, y, _ = speakers.T @ power
            # The power of a direction that no loudspeaker is near comes from two that are far apart.
            off = np.abs((np.degrees(np.arctan2(-x, y)) - azimuth + 180) % 360 - 180)
            level = 10 * np.log10(power.sum(axis=0))
            front = np.abs(azimuth) <= 30
            print(
                f"{layout}, bed of order {order}: level {level.mean():+.2f} dB on average ({level.min():+.1f} to "
                f"{level.max():+.1f}), direction off by {off[front].max():.0f}° in front, {off.max():.0f}° anywhere"
            )
            well &= bool(off[front].max() <= most_deg and abs(level.mean()) <= 1)
    return well


def by_ear(python: pathlib.Path, file: pathlib.Path, layout: str) -> np.ndarray:
    """What ear plays of a file, (S, T): our order of the full-range loudspeakers. It must print nothing."""
    import soundfile

    system, order = SYSTEMS[layout]
    out = file.with_suffix(f".{system}.wav")
    # attrs 21.4, which ear asks for, wonders about Python 3.11 and 3.12; that is no check of ear's.
    quiet = ["-W", "ignore::RuntimeWarning:attr._make"]
    command = [str(python), *quiet, "-m", "ear.cmdline.render_file", "--strict", "-s", system, str(file), str(out)]
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode or said.stdout or said.stderr:
        sys.exit(f"ear-render said of {file.name}: {said.stdout}{said.stderr}")
    played, _ = soundfile.read(out, always_2d=True)
    if np.abs(played[:, order.index("LFE")]).max() > 0:
        sys.exit("ear plays something in the LFE")
    return played.T[[order.index(name) for name in LOUDSPEAKERS[layout]]]


def full_range(channels: np.ndarray, layout: str) -> np.ndarray:
    """Our channels without the LFE."""
    return channels[[LAYOUTS[layout].index(name) for name in LOUDSPEAKERS[layout]]]


def decibels(x: np.ndarray) -> np.ndarray:
    """Energy of sounds (..., T), in dB."""
    return 10 * np.log10(np.sum(np.square(x, dtype=np.float64), axis=-1) + 1e-20)


def differences(ours: np.ndarray, theirs: np.ndarray, floor_db: float = FLOOR_DB) -> np.ndarray:
    """How far levels (S, n) in dB are apart, where either is within `floor_db` of the whole."""
    floor = 10 * np.log10(np.sum(10 ** (ours / 10), axis=0)) + floor_db
    return np.abs(np.maximum(ours, floor) - np.maximum(theirs, floor))


def noise(samples: int, highest_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (T,) float32 of power 1 up to a frequency, with soft ends."""
    spectrum = np.fft.rfft(rng.normal(size=samples))
    spectrum[np.fft.rfftfreq(samples, 1 / RATE) > highest_hz] = 0
    sound = np.fft.irfft(spectrum, samples) * np.hanning(samples) ** 0.25
    return (sound / np.sqrt(np.mean(sound**2))).astype(np.float32)


def environment(folder: pathlib.Path) -> pathlib.Path:
    """The Python of the renderer's environment, which is made where there is none."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not (folder / "made").exists():
        if sys.version_info >= (3, 13):
            sys.exit("ear 2.1.0 needs Python 3.12 or older; run this with one")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, EAR], check=True)
        (folder / "made").touch()
    return python


if __name__ == "__main__":
    main()
