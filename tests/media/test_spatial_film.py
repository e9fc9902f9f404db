"""Films with Ambisonics: read back box by box as ISO/IEC 14496-12 and the Spatial Audio RFC say, and by ear."""

import os
import struct

import av
import numpy as np
import pytest
from media.clips_made import film, number_of
from media.test_clip_writing import decoded, levels_db
from scipy.signal import butter, sosfiltfilt

from see2sound_nb.media.clip_frames import read_frames
from see2sound_nb.media.clip_sound import read_sound
from see2sound_nb.media.clips import open_clip
from see2sound_nb.media.spatial_film import write_spatial_film

RATE = 48000
TONES_HZ = [300, 700, 1100, 1900, 2700, 3500]
#: Which boxes hold boxes, and how many bytes of their own come first (14496-12, 8.5.2 and 12.2.3).
INSIDE = {
    **dict.fromkeys([b"moov", b"trak", b"mdia", b"minf", b"stbl"], 0),
    b"stsd": 8, b"mp4a": 28, b"Opus": 28,
}  # fmt: skip


def boxes(data, start=0, end=None, path=()):
    """Path and content of each box. That they fill their parents to the byte is checked on the way."""
    end = len(data) if end is None else end
    while start < end:
        size, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if size == 1:
            size, head = *struct.unpack_from(">Q", data, start + 8), 16
        assert head <= size <= end - start, (path, kind)
        yield (*path, kind), data[start + head : start + size]
        if kind in INSIDE:
            yield from boxes(data, start + head + INSIDE[kind], start + size, (*path, kind))
        start += size


def spatial_box(path):
    """The sample entry's name, its number of channels and its SA3D, of the only track that has sound."""
    found = list(boxes(path.read_bytes()))
    ((where, content),) = [box for box in found if box[0][-1] == b"SA3D"]
    assert where[:-2] == (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
    (entry,) = [inside for name, inside in found if name == where[:-1]]
    version, kind, order, ordering, normalization, channels = struct.unpack_from(">BBIBBI", content)
    mapped = struct.unpack_from(f">{channels}I", content, 12)
    assert len(content) == 12 + 4 * channels
    handlers = [inside[8:12] for name, inside in found if name[-1] == b"hdlr"]
    assert handlers.count(b"soun") == 1  # YouTube takes one sound track alone
    told = dict(
        version=version, head_locked=kind >> 7, type=kind & 0x7F, order=order, ordering=ordering,
        normalization=normalization, mapped=list(mapped),
    )  # fmt: skip
    return where[-2].decode(), struct.unpack_from(">H", entry, 16)[0], told


def from_azimuth(azimuth_deg, elevation_deg, sound):
    """W, Y, Z, X of a plane wave (the RFC's appendix 1: azimuth positive to the left)."""
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    y, z, x = np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)
    return np.array([1.0, y, z, x])[:, None] * sound


def direction_deg(foa):
    """Azimuth and elevation of the mean active intensity."""
    x, y, z = (foa[0] * foa[[3, 1, 2]]).mean(axis=1)
    return np.degrees([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y))])


def tones(channels, seconds=2.0):
    time_s = np.arange(round(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * np.array(TONES_HZ[:channels])[:, None] * time_s)


def picture():
    I = np.zeros((97, 131, 3), np.uint8)
    I[:, :60], I[:, 60:] = (200, 40, 40), (40, 60, 210)
    return I


@pytest.fixture(scope="module", params=[4, 6])
def tonal(request, tmp_path_factory):
    """Channels, what went in, and the film of it."""
    sound = tones(request.param, 96777 / RATE)  # no whole number of milliseconds, blocks or frames
    path = tmp_path_factory.mktemp("film") / "a film.mp4"
    told = write_spatial_film(path, picture(), sound[:4], RATE, head_locked=sound[4:] if len(sound) > 4 else None)
    assert told == (path, [])
    return request.param, sound, path


def test_the_box_says_what_the_rfc_asks_for(tonal):
    channels, _, path = tonal
    entry, count, told = spatial_box(path)
    assert entry == {4: "mp4a", 6: "Opus"}[channels] and count == channels
    assert told == dict(
        version=0, head_locked=int(channels == 6), type=0, order=1, ordering=0, normalization=0,
        mapped=list(range(channels)),
    )  # fmt: skip


def test_opus_says_that_its_channels_are_ambisonics(tmp_path):
    path, _ = write_spatial_film(tmp_path / "a.mp4", picture(), tones(4, 0.3), RATE, head_locked=tones(2, 0.3))
    (head,) = [content for name, content in boxes(path.read_bytes()) if name[-1] == b"dOps"]
    # "Encapsulation of Opus in ISO Base Media File Format", 4.3.2; RFC 8486, 3.1: family 2
    _, channels, _, _, gain, family, streams, pairs = struct.unpack_from(">BBHIhBBB", head)
    assert (channels, gain, family) == (6, 0, 2)
    assert pairs in (0, 1) and streams + pairs == 6  # only left and right may be coded as a pair
    assert list(head[13:17]) == [2 * pairs + k for k in range(4)]


def test_each_channel_comes_back_in_its_place_level_polarity_and_time(tonal):
    channels, sound, path = tonal
    heard = read_sound(open_clip(path), RATE)
    assert heard.shape == sound.shape
    levels = levels_db(heard, TONES_HZ[:channels])
    assert (levels.argmax(axis=1) == np.arange(channels)).all()
    np.testing.assert_allclose(np.diag(levels), 20 * np.log10(0.2), atol=0.2)
    assert (levels - np.diag(np.full(channels, np.inf))).max() < -55
    middle = slice(12000, 84000)  # a sample's delay or another sign would leave more
    assert np.abs(heard[:, middle] - sound[:, middle]).max() < 0.02
    with av.open(str(path)) as container:
        (stream,) = container.streams.audio
        assert stream.layout.name == {4: "4.0", 6: "ambisonic 1+stereo"}[channels]  # AAC's own name wins over SA3D


@pytest.mark.parametrize("head_locked", [False, True])
def test_the_dog_stays_on_the_left_in_every_octave(tmp_path, head_locked):
    random = np.random.default_rng(0)
    time_s = np.arange(3 * RATE) / RATE
    dog = 0.2 * random.standard_normal(len(time_s)) * (np.sin(3 * np.pi * time_s) > 0)  # barks
    foa = from_azimuth(60, 10, dog) + from_azimuth(-80, 0, 0.02 * random.standard_normal(len(time_s)))
    foa += 0.005 * random.standard_normal(foa.shape)
    foa *= 0.9 / np.abs(foa).max()
    path, _ = write_spatial_film(
        tmp_path / "a.mp4", picture(), foa, RATE, head_locked=tones(2, 3.0) if head_locked else None
    )
    heard = read_sound(open_clip(path), RATE)
    assert np.abs(direction_deg(heard[:4]) - [60, 10]).max() < 2
    for low_hz in 125 * 2.0 ** np.arange(7):  # to 16 kHz
        band = butter(4, [low_hz, 2 * low_hz], "bandpass", fs=RATE, output="sos")
        before, after = (direction_deg(sosfiltfilt(band, sound)) for sound in (foa, heard[:4]))
        assert np.abs(after - before).max() < 2, low_hz


def test_a_photo_is_shown_as_long_as_it_sounds(tmp_path):
    path, _ = write_spatial_film(tmp_path / "a.mp4", picture(), tones(4, 1.234)[:, ::3], RATE // 3)
    clip = open_clip(path)
    assert clip.end_s == pytest.approx(1.234, abs=1e-3)
    frames = list(read_frames(clip))
    assert len(frames) == 13 and frames[0].shape == (98, 132, 3)
    for I in (frames[0], frames[-1]):
        assert np.abs(I[40, [20, 110]].astype(int) - [(200, 40, 40), (40, 60, 210)]).max() < 12
    assert levels_db(read_sound(clip, RATE), TONES_HZ[:4]).argmax(axis=1).tolist() == [0, 1, 2, 3]


def test_a_clips_pictures_are_copied_bit_for_bit(tmp_path):
    own = tones(2, 1.0)
    source = film(tmp_path / "source.mp4", sound=own)
    path, notes = write_spatial_film(tmp_path / "out.mp4", open_clip(source), tones(4, 0.8), RATE)
    assert decoded(path) == decoded(source) and notes == []
    assert spatial_box(path)[2]["mapped"] == [0, 1, 2, 3]  # and the clip's own sound is gone
    heard = read_sound(open_clip(path), RATE)
    assert heard.shape == (4, RATE)
    assert np.abs(heard[:, 40000:]).max() < 0.01  # silence where the sound had ended
    twice, _ = write_spatial_film(tmp_path / "twice.mp4", open_clip(source), tones(4, 2.0), RATE, turns=2)
    assert [number_of(I) for I in read_frames(open_clip(twice))] == [*range(24)] * 2


@pytest.mark.parametrize(
    ("name", "foa", "options", "why"),
    [
        ("a.mov", tones(4, 0.1), {}, r"must end with \.mp4"), ("a.mp4", tones(6, 0.1), {}, "has 6 channels, foa has 4"),
        ("a.mp4", tones(4, 0.1) * 9, {}, "peak is"), ("a.mp4", tones(4, 0.1) * np.nan, {}, "peak is nan"),
        ("a.mp4", tones(4, 0.1)[:, :0], {}, "0 samples"), ("a.mp4", tones(4, 0.1), dict(turns=0), "turns=0"),
        ("a.mp4", tones(4, 0.1), dict(head_locked=tones(2, 0.2)), "9600 samples and foa 4800"),
        ("a.mp4", tones(4, 0.1), dict(head_locked=tones(1, 0.1)), "stereo has 2"),
        ("nowhere/a.mp4", tones(4, 0.1), {}, "does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_named(tmp_path, name, foa, options, why):
    with pytest.raises(ValueError, match=why):
        write_spatial_film(tmp_path / name, picture(), foa, RATE, **options)
    assert os.listdir(tmp_path) == []


def test_the_clip_itself_stays(tmp_path):
    source = film(tmp_path / "a.mp4", 3)
    before = source.read_bytes()
    with pytest.raises(ValueError, match="is the input"):
        write_spatial_film(source, open_clip(source), tones(4, 0.1), RATE)
    with pytest.raises(ValueError, match="must be uint8"):
        write_spatial_film(tmp_path / "b.mp4", picture().astype(float), tones(4, 0.1), RATE)
    assert source.read_bytes() == before
