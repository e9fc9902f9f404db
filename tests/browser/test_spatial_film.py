"""A film with Ambisonics in Chromium: a page gets W, Y, Z, X from it, and left and right, to decode them by itself."""

import base64

import numpy as np
import pytest

from see2sound_nb.media.spatial_film import write_spatial_film

RATE = 48000
TONES_HZ = [400, 700, 1000, 1300, 1600, 1900]
#: How many waves and what level each channel has, of the sound decoded and of the film that plays; null if this browser
#: has no decoder for it.
HEAR = """async ([film, codecs]) => {
  const bytes = Uint8Array.from(atob(film), (sign) => sign.charCodeAt(0));
  const video = document.createElement("video");
  if (!video.canPlayType(`video/mp4; codecs="${codecs}"`)) return null;
  const measured = (samples, rate) => {
    const rising = samples.filter((value, k) => k > 0 && samples[k - 1] < 0 && value >= 0).length;
    const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
    return [(rising * rate) / samples.length, Math.sqrt(2 * power)];
  };
  const context = new AudioContext({ sampleRate: 48000 });
  const buffer = await context.decodeAudioData(bytes.slice().buffer);
  const channels = [...Array(buffer.numberOfChannels).keys()];
  const decoded = channels.map((k) => measured(buffer.getChannelData(k).slice(24000, 72000), 48000));
  video.src = URL.createObjectURL(new Blob([bytes], { type: "video/mp4" }));
  const splitter = new ChannelSplitterNode(context, { numberOfOutputs: channels.length });
  context.createMediaElementSource(video).connect(splitter);
  const analysers = channels.map(() => new AnalyserNode(context, { fftSize: 32768 }));
  analysers.forEach((analyser, k) => splitter.connect(analyser, k));
  await context.resume();
  await video.play();
  while (video.currentTime < 1.2) await new Promise((done) => setTimeout(done, 50));
  const played = analysers.map((analyser) => {
    const samples = new Float32Array(32768);
    analyser.getFloatTimeDomainData(samples);
    return measured(samples, 48000);
  });
  await context.close();
  return { decoded, played, seconds: video.duration, width: video.videoWidth };
}"""


@pytest.mark.parametrize(("channels", "codecs"), [(4, "avc1.42E01E, mp4a.40.2"), (6, "avc1.42E01E, opus")])
def test_a_page_gets_each_channel_of_a_film(page, tmp_path, channels, codecs):
    time_s = np.arange(2 * RATE) / RATE
    tones = 0.2 * np.sin(2 * np.pi * np.array(TONES_HZ[:channels])[:, None] * time_s)
    image = np.full((72, 96, 3), 90, np.uint8)
    path, _ = write_spatial_film(
        tmp_path / "a.mp4", image, tones[:4], RATE, head_locked=tones[4:] if channels > 4 else None
    )
    told = page.evaluate(HEAR, [base64.b64encode(path.read_bytes()).decode(), codecs])
    if told is None:
        pytest.skip("this Chromium is built without H.264 or AAC")
    for heard in (told["decoded"], told["played"]):
        found_hz, levels = np.array(heard).T
        np.testing.assert_allclose(found_hz, TONES_HZ[:channels], atol=3)
        np.testing.assert_allclose(levels, 0.2, rtol=0.03)
    assert told["seconds"] == pytest.approx(2.0, abs=0.02) and told["width"] == 96
