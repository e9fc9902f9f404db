"""What each sounding class sounds like: recipes for genny's procedural synthesis.

A recipe draws its parameters from a seeded generator and returns about six seconds of sound. The names of the
classes, their captions and their photo labels stand in `see2sound_nb.sounds.sound_classes`; here is only the sound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

RATE = 16000
SECONDS = 5.92
SAMPLES = int(RATE * SECONDS)


def _mono(wave) -> np.ndarray:
    wave = np.asarray(wave, np.float32)
    if wave.ndim == 2:
        wave = wave.mean(axis=1 if wave.shape[1] == 2 else 0)
    return np.nan_to_num(wave)


def sfx(name: str, rng: np.random.Generator, **params) -> np.ndarray:
    """One genny sound effect with a fresh seed where it takes one."""
    from genny.sfx import REGISTRY, render_sfx

    if "seed" in REGISTRY[name]["params"]:
        params["seed"] = int(rng.integers(1, 2**31 - 1))
    return _mono(render_sfx(name, RATE, **params))


def bed(name: str, rng: np.random.Generator, **params) -> np.ndarray:
    """A continuous sound, as long as a clip."""
    return sfx(name, rng, dur=SECONDS + 0.3, **params)


def events(rng: np.random.Generator, make: Callable, gap=(0.4, 1.2), level=(0.6, 1.0)) -> np.ndarray:
    """Short sounds one after another, with pauses of ``gap`` seconds between them."""
    out = np.zeros(SAMPLES + 6 * RATE, np.float32)
    at = int(rng.uniform(0, 0.5) * RATE)
    while at < SAMPLES:
        event = make()[: 5 * RATE]
        peak = np.abs(event).max() + 1e-9
        out[at : at + len(event)] += event / peak * rng.uniform(*level)
        at += len(event) + int(rng.uniform(*gap) * RATE)
    return out[:SAMPLES]


def layers(*pairs) -> np.ndarray:
    """Sum of (wave, gain), each first brought to the same root mean square."""
    out = np.zeros(SAMPLES, np.float32)
    for wave, gain in pairs:
        wave = wave[:SAMPLES]
        out[: len(wave)] += gain * wave / (np.sqrt(np.mean(wave**2)) + 1e-9)
    return out


def melody(rng: np.random.Generator, instrument: str, low: int, high: int, seconds=(0.25, 0.6), chord=1, **params):
    """A random walk over a pentatonic scale, as MIDI notes between ``low`` and ``high``."""
    from genny.instruments import render_note

    scale = [n for n in range(low, high + 1) if n % 12 in (0, 2, 4, 7, 9)]
    out = np.zeros(SAMPLES + 8 * RATE, np.float32)
    beat, at, place = rng.uniform(*seconds), 0, int(rng.integers(len(scale)))
    while at < SAMPLES:
        length = beat * float(rng.choice([1, 1, 2]))
        place = int(np.clip(place + rng.integers(-2, 3), 0, len(scale) - 1))
        for voice in range(chord):
            note = scale[min(place + 2 * voice, len(scale) - 1)]
            wave = _mono(render_note(instrument, 440.0 * 2 ** ((note - 69) / 12), length, RATE, **params))
            out[at : at + len(wave)] += wave[: len(out) - at]
        at += int(length * RATE)
    return out[:SAMPLES]


def drums(rng: np.random.Generator) -> np.ndarray:
    """A one-bar beat of kick, snare and hi-hat, repeated."""
    from genny.drums import render_drum

    step = rng.uniform(0.11, 0.17)
    hits = {name: _mono(render_drum(name, RATE)) for name in ("kick", "snare", "hihat", "tom")}
    rhythm = {
        "kick": {0, 8, int(rng.integers(5, 15))},
        "snare": {4, 12},
        "hihat": set(range(0, 16, 2)),
        "tom": {14, 15},
    }
    out = np.zeros(SAMPLES + 3 * RATE, np.float32)
    for beat in range(int(SECONDS / step) + 1):
        for name, wave in hits.items():
            if beat % 16 in rhythm[name] and (name != "tom" or rng.random() < 0.6):
                at = int(beat * step * RATE)
                gain = {"hihat": 0.4}.get(name, 1.0) * rng.uniform(0.7, 1.0)
                out[at : at + len(wave)] += gain * wave[: len(out) - at]
    return out[:SAMPLES]


def _pick(rng, *choices):
    return choices[int(rng.integers(len(choices)))]


def _bird(rng, *species, gap=(0.2, 0.9), pitch=(0.85, 1.2)):
    kind, tone = _pick(rng, *species), rng.uniform(*pitch)
    return events(rng, lambda: sfx("birdsong", rng, species=kind, pitch=tone, tempo=rng.uniform(0.85, 1.2)), gap)


def _call(rng, gap, size, pitch, dur, **params):
    base = dict(size=rng.uniform(*size), pitch=rng.uniform(*pitch))
    return events(rng, lambda: sfx("animal", rng, dur=rng.uniform(*dur), **base, **params), gap)


def _bleat(rng):
    wave = sfx(
        "animal",
        rng,
        size=0.8,
        pitch=rng.uniform(240, 330),
        contour="fall",
        excursion=0.12,
        roughness=0.45,
        vowels="E-ae",
        dur=rng.uniform(0.7, 1.1),
    )
    t = np.arange(len(wave)) / RATE
    return wave * (0.55 + 0.45 * np.sin(2 * np.pi * rng.uniform(7, 10) * t)).astype(np.float32)


def _horse(rng):
    trot = sfx("footsteps", rng, ground="concrete", gait=_pick(rng, "trot", "gallop"), steps=60, weight=1.5)
    neigh = events(
        rng,
        lambda: sfx(
            "animal",
            rng,
            size=0.7,
            pitch=rng.uniform(420, 560),
            contour="wobble",
            excursion=0.35,
            roughness=0.4,
            vowels="i:-ae",
            dur=1.4,
        ),
        (1.5, 2.5),
    )
    return layers((np.resize(trot, SAMPLES), 1.0), (neigh, 0.8))


def _ship(rng):
    tone = rng.uniform(90, 150)

    def horn():
        n = int(RATE * rng.uniform(1.4, 2.2))
        t = np.arange(n) / RATE
        wave = sum(np.sin(2 * np.pi * tone * k * (1 + 0.002 * v) * t) / k for k in range(1, 12) for v in (0, 1))
        return (wave * np.minimum(1, np.minimum(t, t[::-1]) / 0.15)).astype(np.float32)

    return layers((events(rng, horn, (0.6, 1.4)), 1.0), (bed("surf", rng), 0.15))


def _bicycle(rng):
    tone = rng.uniform(1100, 1700)
    bell = events(rng, lambda: sfx("bike_bell", rng, freq=tone), (0.5, 1.3))
    return layers((bell, 1.0), (bed("bicycle", rng, wheel_speed=rng.uniform(4, 8)), 0.35))


def _chainsaw(rng):
    engine = bed("car_engine", rng, rpm=rng.uniform(7000, 9500), cylinders=1, load=0.9, rough=0.6, bright=0.8)
    t = np.arange(len(engine)) / RATE
    return engine * (0.7 + 0.3 * np.sin(2 * np.pi * rng.uniform(0.3, 0.7) * t)).astype(np.float32)


def _baby(rng):
    pitch = rng.uniform(1.35, 1.75)
    cry = events(rng, lambda: sfx("cry", rng, voice="female", pitch=pitch * rng.uniform(0.95, 1.05)), (0.05, 0.5))
    scream = events(rng, lambda: sfx("scream", rng, voice="female", pitch=pitch * rng.uniform(0.9, 1.1)), (0.3, 1.0))
    return layers((cry, 1.0), (scream, rng.uniform(0.1, 0.6)))


def _children(rng):
    def voice():
        name = _pick(rng, "laugh", "laugh", "scream")
        return sfx(name, rng, voice="female", pitch=rng.uniform(1.25, 1.7))

    murmur = bed("crowd_murmur", rng, people=int(rng.integers(8, 20)), mood=1.0, distance=0.4)
    high = np.interp(np.arange(SAMPLES) * 1.4 % (len(murmur) - 1), np.arange(len(murmur)), murmur).astype(np.float32)
    return layers((high, 1.0), (events(rng, voice, (0.0, 0.3)), 0.8), (events(rng, voice, (0.1, 0.8)), 0.5))


def _cheering(rng):
    roar = bed("crowd_murmur", rng, people=24, mood=1.0, distance=rng.uniform(0.5, 1.0))
    clapping = bed("applause", rng, crowd=int(rng.integers(60, 150)), enthusiasm=rng.uniform(0.7, 1.0))
    whistle = events(rng, lambda: sfx("whistle_human", rng, kind=_pick(rng, "wolf", "up", "taxi"),
                                      freq=rng.uniform(1400, 2400)), (0.4, 1.5))  # fmt: skip
    shout = events(rng, lambda: sfx("scream", rng, voice=_pick(rng, "male", "female")), (0.2, 0.9))
    return layers((roar, 1.0), (clapping, rng.uniform(0.3, 0.9)), (whistle, 0.2), (shout, rng.uniform(0.1, 0.4)))


def _cutlery(rng):
    def touch():
        if rng.random() < 0.4:
            return sfx("clink", rng, object="coin", size=rng.uniform(1.5, 4.0), force=rng.uniform(0.3, 0.9))
        return sfx("impact", rng, material=_pick(rng, "ceramic", "steel", "ceramic"), shape="circ_plate",
                   size=rng.uniform(0.12, 0.28), hardness=0.9, position=rng.uniform(0.5, 0.95))  # fmt: skip

    return layers((events(rng, touch, (0.02, 0.5), (0.2, 1.0)), 1.0), (events(rng, touch, (0.1, 0.9)), 0.7))


def _ball(rng):
    surface, size, first = _pick(rng, "wood", "concrete", "wood"), rng.uniform(0.06, 0.25), rng.uniform(0.3, 0.6)

    def drop():
        return sfx("bounce", rng, material="rubber", size=size, surface=surface, surface_size=rng.uniform(1, 3),
                   first_interval=first * rng.uniform(0.8, 1.2), restitution=rng.uniform(0.7, 0.88))  # fmt: skip

    return events(rng, drop, (0.0, 0.5))


def _tail(rng, name, gap=(0.3, 0.9), **params):
    return events(rng, lambda: sfx(name, rng, **params), gap)


def U(rng: np.random.Generator, low: float, high: float) -> float:
    """A uniform number; the short name keeps the table below readable."""
    return float(rng.uniform(low, high))


#: One recipe per class of `see2sound_nb.sounds.sound_classes.CLASSES`; `person` is only recorded.
RECIPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "dog": lambda r: (lambda s: events(r, lambda: sfx("bark", r, size=s, count=int(r.integers(2, 4))), (0.1, 0.4)))(
        _pick(r, "small", "medium", "large")
    ),
    "cat": lambda r: (
        lambda p: events(r, lambda: sfx("meow", r, pitch=p * U(r, 0.95, 1.05), dur=U(r, 0.6, 1.1)), (0.4, 1.0))
    )(U(r, 480, 650)),
    "cow": lambda r: (lambda p: events(r, lambda: sfx("moo", r, pitch=p, dur=U(r, 1.4, 2.2)), (0.5, 1.1)))(
        U(r, 95, 135)
    ),
    "sheep": lambda r: events(r, lambda: _bleat(r), (0.5, 1.2)),
    "horse": _horse,
    "pig": lambda r: _call(
        r, (0.05, 0.35), (0.9, 1.2), (90, 140), (0.18, 0.4), contour="arch", roughness=0.95, vowels="U-u"
    ),
    "lion": lambda r: _tail(r, "roar", (0.1, 0.5), size=U(r, 0.9, 1.3), dur=U(r, 1.8, 2.6)),
    "wolf": lambda r: _tail(r, "howl", (0.2, 0.6), pitch=U(r, 370, 470), dur=U(r, 2.2, 3.2)),
    "elephant": lambda r: _call(
        r, (0.5, 1.0), (1.0, 1.1), (480, 620), (0.9, 1.5), contour="rise", excursion=0.4, roughness=0.8, vowels="ae-i:"
    ),
    "monkey": lambda r: _call(
        r,
        (0.02, 0.12),
        (0.6, 0.8),
        (260, 340),
        (0.16, 0.24),
        contour="rise",
        excursion=0.5,
        roughness=0.2,
        vowels="u-A",
    ),
    "rooster": lambda r: _bird(r, "rooster", gap=(0.4, 1.0)),
    "songbird": lambda r: _bird(r, "robin", "canary", "blackbird", gap=(0.1, 0.5)),
    "duck": lambda r: _bird(r, "duck", gap=(0.1, 0.6)),
    "owl": lambda r: _bird(r, "owl", gap=(0.4, 1.0)),
    "crow": lambda r: _bird(r, "crow", gap=(0.2, 0.7)),
    "gull": lambda r: _bird(r, "gull", gap=(0.2, 0.7)),
    "frog": lambda r: (lambda k: events(r, lambda: sfx("frog", r, kind=k, size=U(r, 0.8, 1.2)), (0.1, 0.6)))(
        _pick(r, "croak")
    ),
    "cricket": lambda r: bed("cricket", r, species="field", temp=U(r, 15, 26)),
    "bee": lambda r: bed("bee", r, freq=U(r, 180, 280), wobble=U(r, 0.3, 0.7)),
    "snake": lambda r: bed("rattlesnake", r, rate=U(r, 16, 26)),
    "stream": lambda r: bed("babble", r, flow=U(r, 0.7, 1.6), size=U(r, 0.8, 1.3)),
    "waterfall": lambda r: bed("waterfall", r, height=U(r, 4, 15), distance=U(r, 5, 15)),
    "surf": lambda r: sfx("surf", r, dur=14.0, period_min=3.0, period_max=4.5, distance=U(r, 60, 150))[-SAMPLES:],
    "rain": lambda r: bed("rain", r, intensity=U(r, 0.6, 1.5)),
    "thunder": lambda r: events(r, lambda: sfx("thunder", r, dur=U(r, 2.5, 4.0), distance=U(r, 80, 600)), (0.0, 0.3)),
    "wind": lambda r: bed("gust", r, strength=U(r, 0.4, 0.8), tone=U(r, 0.7, 1.3)),
    "fire": lambda r: bed("fire", r, size=U(r, 0.3, 0.6), crackle=U(r, 10, 25)),
    "car": lambda r: bed("car_engine", r, rpm=U(r, 1400, 2600), cylinders=4, load=U(r, 0.3, 0.7)),
    "motorcycle": lambda r: bed(
        "pipe_engine", r, rpm=U(r, 2500, 4500), cylinders=2, load=U(r, 0.5, 0.9), lope=U(r, 0.1, 0.5)
    ),
    "truck": lambda r: bed("car_engine", r, rpm=U(r, 600, 900), cylinders=6, load=0.9, rough=0.7, body=1.6),
    "train": lambda r: bed("train", r, speed=U(r, 50, 90)),
    "helicopter": lambda r: bed("helicopter", r, rpm=U(r, 260, 380), load=U(r, 0.4, 0.8)),
    "airplane": lambda r: bed("jet_engine", r, rpm=U(r, 7000, 11000), throttle=U(r, 0.5, 0.9)),
    "ship": _ship,
    "siren": lambda r: bed("siren_wail", r, kind=_pick(r, "police", "ambulance")),
    "bicycle": _bicycle,
    "church_bell": lambda r: melody(r, "church_bell", 48, 60, (0.9, 1.5)),
    "clock": lambda r: bed("clock", r, size=_pick(r, "mantle", "grandfather")),
    "typing": lambda r: sfx("keyboard_typing", r, keys=60, speed=U(r, 6, 10)),
    "phone": lambda r: np.resize(sfx("phone_bell", r, freq=U(r, 550, 800), bursts=4), SAMPLES),
    "kettle": lambda r: sfx("kettle", r, dur=9.0, tone=U(r, 1500, 2200), onset=1.5)[-SAMPLES:],
    "pour": lambda r: bed("pour", r, flow=U(r, 0.8, 1.4), fill_start=0.1, fill_end=0.7),
    "glass": lambda r: (lambda s: events(r, lambda: sfx("clink", r, object="bottle", size=s), (0.0, 0.35)))(
        U(r, 0.9, 1.5)
    ),
    "door": lambda r: events(
        r,
        lambda: np.concatenate(
            [sfx("creak", r, material="door", dur=U(r, 0.8, 1.4)), sfx("knock", r, count=int(r.integers(2, 4)))]
        ),
        (0.2, 0.6),
    ),
    "fan": lambda r: bed("fan", r, rpm=U(r, 900, 2400), blades=int(r.integers(3, 7))),
    "chainsaw": _chainsaw,
    "hammer": lambda r: np.resize(sfx("hammering", r, strikes=14, pace=U(r, 1.9, 2.8)), SAMPLES),
    "crowd": lambda r: bed("crowd_murmur", r, people=int(r.integers(12, 40)), distance=U(r, 0.3, 0.6)),
    "footsteps": lambda r: np.resize(sfx("footsteps", r, ground=_pick(r, "wood", "concrete"), steps=12), SAMPLES),
    "drums": drums,
    "guitar": lambda r: melody(r, "guitar", 45, 69, chord=2),
    "piano": lambda r: melody(r, "piano", 52, 80, chord=2),
    "violin": lambda r: melody(r, "violin", 60, 84, (0.4, 0.8)),
    "flute": lambda r: melody(r, "flute", 67, 90, (0.3, 0.7)),
    "trumpet": lambda r: melody(r, "trumpet", 58, 77, (0.3, 0.6)),
    "organ": lambda r: melody(r, "church_organ", 48, 72, (0.5, 1.0), chord=3),
    "baby": _baby,
    "children": _children,
    "applause": lambda r: bed("applause", r, crowd=int(r.integers(12, 120)), enthusiasm=U(r, 0.3, 1.0)),
    "cheering": _cheering,
    "cutlery": _cutlery,
    "frying": lambda r: bed("sizzle", r, intensity=U(r, 0.4, 1.0), spit=U(r, 3, 12), hiss=U(r, 0.2, 0.6)),
    "tap": lambda r: layers((bed("stream", r), 1.0), (bed("pour", r, fill_start=0.2, fill_end=0.4), U(r, 0.2, 0.6))),
    "ball": _ball,
    "room": lambda r: layers((bed("mains_hum", r, mains=_pick(r, 50.0, 60.0)), 0.5), (_hush(r), 1.0)),
}


def _hush(rng):
    """Pink-like air: noise falling by 6 dB per octave above 40 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(SAMPLES))
    frequency = np.fft.rfftfreq(SAMPLES, 1 / RATE)
    return np.fft.irfft(spectrum / np.maximum(frequency, 40.0), SAMPLES).astype(np.float32)


def render(name: str, seed: int) -> np.ndarray:
    """One clip of a class.

    Parameters
    ----------
    name : str
        A key of `RECIPES`.
    seed : int
        Seed of the clip.

    Returns
    -------
    np.ndarray
        (`SAMPLES`,) float32 wave at `RATE` Hz, root mean square about 0.1, peak at most 0.9, no constant part.
    """
    rng = np.random.default_rng([seed, sum(map(ord, name))])
    return finish(_mono(RECIPES[name](rng))[:SAMPLES])


def finish(wave: np.ndarray) -> np.ndarray:
    """A clip of any length and level as `render` gives it."""
    wave = np.pad(wave, (0, SAMPLES - len(wave)))
    spectrum = np.fft.rfft(wave)
    spectrum[np.fft.rfftfreq(SAMPLES, 1 / RATE) < 20.0] = 0.0
    wave = np.fft.irfft(spectrum, SAMPLES)
    wave *= 0.1 / (np.sqrt(np.mean(wave**2)) + 1e-9)
    loud = np.abs(wave).max()
    return (wave * min(1.0, 0.9 / loud)).astype(np.float32)
