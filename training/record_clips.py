"""Training clips of the tiny CoDi from recordings: cut, placed, varied and layered anew for every clip.

One file a class and variant, as of `render_sounds`: ``OUT/dog.npy`` holds (clips, samples) int16 at 16 kHz.
What is short (a bark) is played several times, at random times, at another pitch and level each time; what goes on
(rain) is cut at random, or laid end over end where it is too short. Then a slow change of level, a tilted spectrum, a
light room and a little hiss. `VOICES` says what the variants of `person` are.
"""

from __future__ import annotations

import argparse
import collections
import pathlib

import numpy as np
import recordings
import sounds
from scipy.signal import fftconvolve, lfilter

RATE, SAMPLES = sounds.RATE, sounds.SAMPLES
#: Sounds that go on: too short a recording is laid end over end.
STEADY = frozenset(
    [
        "stream",
        "waterfall",
        "surf",
        "rain",
        "wind",
        "fire",
        "car",
        "motorcycle",
        "helicopter",
        "airplane",
        "train",
        "chainsaw",
        "fan",
        "cricket",
        "bee",
        "tap",
        "crowd",
        "applause",
        "cheering",
        "typing",
        "children",
        "siren",
        "snake",
    ]
)
#: Pauses between the single sounds, in seconds, where they are not 0.1 to 1.2.
PAUSES = {"hammer": (0.15, 0.7), "monkey": (0.0, 0.5), "pig": (0.05, 0.6), "frog": (0.05, 0.6), "duck": (0.05, 0.6),
          "crow": (0.1, 0.8), "songbird": (0.1, 0.9), "thunder": (0.0, 0.5), "guitar": (0.0, 0.3)}  # fmt: skip
#: Variants of `person`: who speaks, and how many at once.
VOICES = {
    "person_man": (("person_man",), 1),
    "person_woman": (("person_woman",), 1),
    "person_two": (("person_man", "person_woman"), 2),
    "person_many": (("person_man", "person_woman"), 4),
}
#: Recorded instruments of the FluidR3 soundfont (MIT): program and lowest and highest note.
PROGRAMS = {"piano": ((0, 1), 45, 84), "guitar": ((24, 25), 45, 72), "violin": ((40, 41, 42, 48), 52, 86),
            "flute": ((73, 74, 75), 65, 92), "trumpet": ((56, 57, 60, 61), 52, 79), "organ": ((19, 21, 22), 45, 76),
            "church_bell": ((14,), 50, 70)}  # fmt: skip
#: Its effects, played as one long note: telephone, helicopter, applause.
EFFECTS = {"phone": 124, "helicopter": 125, "applause": 126, "surf": 122}


def at_speed(wave: np.ndarray, speed: float) -> np.ndarray:
    """The wave played ``speed`` times as fast, by linear interpolation."""
    return np.interp(np.arange(0, len(wave) - 1, speed), np.arange(len(wave)), wave).astype(np.float32)


def cut(wave: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """``length`` samples of a longer wave, from a place that is not silent."""
    starts = rng.integers(0, max(1, len(wave) - length), 4)
    best = max(starts, key=lambda s: np.sqrt(np.mean(wave[s : s + length] ** 2)) * rng.uniform(0.3, 1.0))
    part = wave[best : best + length].copy()
    ramp = min(160, len(part) // 4)
    part[:ramp] *= np.linspace(0, 1, ramp)
    part[-ramp:] *= np.linspace(1, 0, ramp)
    return part


def steady(waves: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A clip of sound that goes on: pieces of the recordings, each faded over the one before."""
    out, at, speed = np.zeros(SAMPLES + 8 * RATE, np.float32), 0, rng.uniform(0.9, 1.12)
    wave = waves[rng.integers(len(waves))]
    while at < SAMPLES:
        piece = at_speed(wave, speed * rng.uniform(0.99, 1.01))
        piece = cut(piece, min(len(piece), SAMPLES + RATE), rng)
        fade = min(len(piece) // 3, int(rng.uniform(0.1, 0.5) * RATE))
        start = max(0, at - fade)
        if at:
            ramp = np.sqrt(np.linspace(0, 1, at - start))
            out[start:at] = out[start:at] * ramp[::-1] + piece[: at - start] * ramp
            piece = piece[at - start :]
        out[at : at + len(piece)] = piece[: len(out) - at]
        at += max(len(piece), 800)
    return out[:SAMPLES]


def single(waves: list[np.ndarray], rng: np.random.Generator, pauses=(0.1, 1.2)) -> np.ndarray:
    """A clip of single sounds, one after another, by one individual: a few of the recordings, all about one pitch."""
    out, at = np.zeros(SAMPLES + 8 * RATE, np.float32), int(rng.uniform(-0.3, 0.5) * RATE)
    some = [waves[i] for i in rng.permutation(len(waves))[: rng.integers(1, 4)]]
    speed, rate = rng.uniform(0.88, 1.14), rng.uniform(0.5, 1.5)
    while at < SAMPLES:
        piece = at_speed(some[rng.integers(len(some))], speed * rng.uniform(0.96, 1.04)) * rng.uniform(0.45, 1.0)
        if len(piece) > 5 * RATE:
            piece = cut(piece, int(rng.uniform(3.5, 6.0) * RATE), rng)
        skip = max(0, -at)
        piece, at = piece[skip:], max(0, at)
        out[at : at + len(piece)] += piece[: len(out) - at]
        at += max(len(piece), 400) + int(rate * rng.uniform(*pauses) * RATE)
    return out[:SAMPLES]


def talk(voices: list[list[np.ndarray]], many: int, rng: np.random.Generator) -> np.ndarray:
    """A clip of people who talk: ``many`` voices (1, 2, or 3 to 5), who wait for each other only when they are two."""
    if many == 1:
        return single(voices[0], rng, (0.05, 0.5))
    if many == 2:
        pair = [[at_speed(v, s) for v in pick(voices, rng, 6)] for s in rng.uniform(0.9, 1.12, 2)]
        out, at, turn = np.zeros(SAMPLES + 8 * RATE, np.float32), 0, 0
        while at < SAMPLES:
            piece = pair[turn][rng.integers(len(pair[turn]))][: 3 * RATE] * rng.uniform(0.5, 1.0)
            out[at : at + len(piece)] += piece
            at, turn = at + max(800, len(piece) + int(rng.uniform(-0.4, 0.4) * RATE)), 1 - turn
        return out[:SAMPLES]
    parts = [single(pick(voices, rng, 8), rng, (0.0, 0.5)) * rng.uniform(0.4, 1.0) for _ in range(rng.integers(3, 6))]
    return np.sum(parts, 0)


def pick(voices: list[list[np.ndarray]], rng: np.random.Generator, count: int) -> list[np.ndarray]:
    """Some utterances of one voice."""
    voice = voices[rng.integers(len(voices))]
    return [voice[i] for i in rng.permutation(len(voice))[:count]]


def room(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The wave in a light room: exponentially fading noise, 0.15 to 0.9 s long."""
    seconds = rng.uniform(0.15, 0.9)
    t = np.arange(int(seconds * RATE)) / RATE
    tail = rng.standard_normal(len(t)) * np.exp(-6.9 * t / seconds)
    tail = lfilter([1.0], [1.0, -rng.uniform(0.3, 0.8)], tail)
    wet = fftconvolve(wave, tail)[: len(wave)]
    return wave + rng.uniform(0.1, 0.5) * wet * np.sqrt(np.mean(wave**2) / (np.mean(wet**2) + 1e-12))


def vary(wave: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Level that changes slowly, a tilted spectrum, at times a room, and a little hiss."""
    points = rng.uniform(-3, 3, 5)
    wave = wave * 10 ** (np.interp(np.arange(len(wave)), np.linspace(0, len(wave), 5), points) / 20)
    spectrum, frequency = np.fft.rfft(wave), np.fft.rfftfreq(len(wave), 1 / RATE)
    wave = np.fft.irfft(spectrum * (np.maximum(frequency, 50) / 1000) ** rng.uniform(-0.25, 0.2), len(wave))
    if rng.random() < 0.35:
        wave = room(wave, rng)
    hiss = sounds._hush(rng)
    return wave + hiss * np.sqrt(np.mean(wave**2) / np.mean(hiss**2)) * 10 ** (rng.uniform(-50, -32) / 20)


def soundfont(path: pathlib.Path | None):
    """A synthesiser of the soundfont's recorded samples, or None without one."""
    if path is None:
        return None
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=RATE, gain=-6)
    synth.sfload(str(path))
    return synth


def played(synth, name: str, rng: np.random.Generator) -> np.ndarray:
    """A clip of an instrument: a random walk over a pentatonic scale, chords at times."""
    programs, low, high = PROGRAMS[name]
    synth.program_select(0, 0, 0, int(rng.choice(programs)))
    scale = [
        n + int(rng.integers(12)) * 0
        for n in range(low, high + 1)
        if (n - int(rng.integers(1))) % 12 in (0, 2, 4, 7, 9)
    ]
    shift, beat, place = int(rng.integers(-3, 4)), rng.uniform(0.2, 0.6), int(rng.integers(len(scale)))
    out, voices = [], int(rng.choice([1, 1, 2, 3])) if name in ("piano", "guitar", "organ") else 1
    while sum(map(len, out)) < SAMPLES:
        place = int(np.clip(place + rng.integers(-3, 4), 0, len(scale) - 1))
        notes = [scale[min(place + 2 * k, len(scale) - 1)] + shift for k in range(voices)]
        for note in notes:
            synth.noteon(0, note, int(rng.integers(70, 120)))
        length = int(beat * rng.choice([1, 1, 2, 3]) * RATE)
        out.append(rendered(synth, length))
        for note in notes:
            synth.noteoff(0, note)
    synth.notes_off()
    rendered(synth, RATE)
    return np.concatenate(out)[:SAMPLES]


def rendered(synth, samples: int) -> np.ndarray:
    """The next samples of a synthesiser, mono."""
    return np.frombuffer(bytes(synth.generate(samples)), np.float32).reshape(-1, 2).mean(1)


def effect(synth, name: str, rng: np.random.Generator) -> np.ndarray:
    """A clip of one of the soundfont's effects."""
    synth.program_select(0, 0, 0, EFFECTS[name])
    note = int(rng.integers(55, 68))
    synth.noteon(0, note, 110)
    wave = rendered(synth, SAMPLES + RATE)[RATE // 2 :][:SAMPLES]
    synth.noteoff(0, note)
    synth.notes_off()
    rendered(synth, RATE)
    return wave.copy()


def make(name: str, by_source: dict[str, list[np.ndarray]], synth, rng: np.random.Generator) -> np.ndarray:
    """One clip of a class."""
    if name in PROGRAMS and synth is not None and (not by_source or rng.random() < 0.6):
        wave = played(synth, name, rng)
    elif name in EFFECTS and synth is not None and rng.random() < 0.3:
        wave = effect(synth, name, rng)
    elif name in VOICES:
        wave = talk(list(by_source.values()) if VOICES[name][1] > 1 else [by_source[rng.choice(list(by_source))]],
                    VOICES[name][1], rng)  # fmt: skip
    else:
        sources = list(by_source)
        share = np.array([len(by_source[s]) for s in sources], float) ** 0.5
        waves = by_source[sources[rng.choice(len(sources), p=share / share.sum())]]
        wave = steady(waves, rng) if name in STEADY else single(waves, rng, PAUSES.get(name, (0.1, 1.2)))
        if rng.random() < 0.2:
            other = by_source[sources[rng.integers(len(sources))]]
            more = steady(other, rng) if name in STEADY else single(other, rng, PAUSES.get(name, (0.1, 1.2)))
            wave = wave + rng.uniform(0.2, 0.7) * more
    return sounds.finish(vary(wave, rng))


def main() -> None:
    """Make ``--clips`` clips of every class that has recordings, leaving out the classes that are there already."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=pathlib.Path, required=True, help="a folder with a folder a source")
    parser.add_argument("--soundfont", type=pathlib.Path, help="FluidR3_GM.sf2")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    paths: dict = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, source, path in recordings.files(args.recordings, recordings.TRAIN):
        paths[name][source].append(path)
    synth = soundfont(args.soundfont)
    names = [n for n in paths if not n.startswith("person")] + list(VOICES)
    names += [n for n in PROGRAMS if n not in paths and synth is not None]
    for name in names:
        if (args.out / f"{name}.npy").exists():
            continue
        rng = np.random.default_rng([args.seed, sum(map(ord, name))])
        if name in VOICES:
            chosen = {f"{kind} {s}": p for kind in VOICES[name][0] for s, p in paths[kind].items()}
            chosen = {s: [p[i] for i in rng.permutation(len(p))[:120]] for s, p in chosen.items()}
        else:
            chosen = dict(paths.get(name, {}))
        shortest = 0.6 * RATE if name in VOICES else 0.05 * RATE
        waves = {s: [w for w in map(recordings.load, p) if len(w) > shortest] for s, p in chosen.items()}
        waves = {s: w for s, w in waves.items() if w}
        clips = np.stack([make(name, waves, synth, rng) for _ in range(args.clips)])
        part = args.out / f"{name}.part.npy"
        np.save(part, np.round(clips * 32767).astype(np.int16))
        part.rename(args.out / f"{name}.npy")
        recordings.load.cache_clear()
        print(name, {s: len(w) for s, w in waves.items()}, flush=True)


if __name__ == "__main__":
    main()
