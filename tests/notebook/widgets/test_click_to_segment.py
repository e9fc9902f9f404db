"""Regions by clicks: from Python, and by the messages that a browser would send."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

import see2sound_nb as s2s
from see2sound_nb.notebook.widgets.click_to_segment import ClickToSegment
from see2sound_nb.notebook.widgets.click_to_segment_assets import FIGURE_BYTES
from see2sound_nb.regions.clicks import ClickPredictor

HEIGHT, WIDTH = 240, 360


def disc(x, y, radius):
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


LEFT, RIGHT = disc(85, 130, 50), disc(280, 90, 45)


def two_discs():
    """A red disc on the left and a yellow one on the right, on a slightly noisy green ground."""
    picture = np.full((HEIGHT, WIDTH, 3), (70, 120, 60), float)
    picture[LEFT], picture[RIGHT] = (210, 60, 40), (240, 220, 90)
    return np.clip(picture + np.random.default_rng(0).normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.fixture
def widget(pipeline):
    return ClickToSegment(two_discs(), pipeline=pipeline)


class Browser:
    """Sends what the front end would send, and keeps what it would get."""

    def __init__(self, widget, monkeypatch, *, as_text=False):
        self.widget, self.as_text, self.sequence, self.got = widget, as_text, 0, []
        monkeypatch.setattr(widget, "send", lambda content, buffers=None: self.got.append((content, buffers)))

    def ask(self, kind, **more):
        self.sequence += 1
        content = {"kind": kind, "sequence": self.sequence, "view": "one", "as_text": self.as_text, **more}
        self.widget._handle_custom_msg(content, [])
        return self.got[-1]

    def mask(self):
        """The mask that came last, unpacked from its bits as the front end does it."""
        content, buffers = next(message for message in reversed(self.got) if message[0].get("numbers"))
        bits = base64.b64decode(content["arrays"][0]["text"]) if self.as_text else buffers[0]
        return np.unpackbits(np.frombuffer(bits, np.uint8), count=HEIGHT * WIDTH).reshape(HEIGHT, WIDTH).astype(bool)


@pytest.fixture
def browser(widget, monkeypatch):
    return Browser(widget, monkeypatch)


def test_a_click_finds_the_thing_under_it(widget):
    widget.click(85, 130)
    assert widget.mask.dtype == bool
    assert widget.mask.shape == (HEIGHT, WIDTH)
    assert iou(widget.mask, LEFT) > 0.8
    widget.click(280, 90)
    assert iou(widget.mask, RIGHT) > 0.8, "a plain click begins a new region"


def test_with_shift_a_click_outside_adds_and_one_inside_takes_away(widget):
    widget.click(85, 130)
    widget.click(280, 90, extend=True)
    both = widget.mask
    assert both[LEFT].mean() > 0.7
    assert both[RIGHT].mean() > 0.7
    widget.click(281, 90, extend=True)
    assert widget.mask[RIGHT].mean() < 0.2
    assert widget.mask[LEFT].mean() > 0.7
    with pytest.raises(ValueError, match="no such region"):
        widget.click(85, 130, extend=True)
    assert widget.mask[LEFT].mean() > 0.7, "as before"


def test_kept_regions_stay_in_their_order_until_they_are_removed(widget):
    assert widget.masks.shape == (0, HEIGHT, WIDTH)
    for x, y in ((85, 130), (280, 90)):
        widget.click(x, y)
        widget.keep()
        assert not widget.mask.any(), "what is kept is no longer in work"
    assert iou(widget.masks[0], LEFT) > 0.8
    assert iou(widget.masks[1], RIGHT) > 0.8
    widget.remove(0)
    (left_over,) = widget.masks
    assert iou(left_over, RIGHT) > 0.8
    widget.click(85, 130)
    widget.clear()
    assert len(widget.masks) == 0
    assert not widget.mask.any()


def test_every_kept_region_becomes_a_source_where_it_is_seen(widget):
    seen, steps = [], []
    widget.observe(lambda change: seen.append(change.new), "scene")
    assert widget.scene is None
    for x, y in ((280, 90), (85, 130)):
        widget.click(x, y)
        widget.keep()
    scene = widget.make_sources(seed=4, progress=lambda step, done, total: steps.append(step))
    assert widget.scene is scene
    assert len(seen) == 1
    assert scene.seed == 4
    assert set(steps) == {"depth", "audio"}
    np.testing.assert_array_equal(scene.masks, widget.masks)
    azimuth = s2s.directions(scene.positions_m)[0]
    assert azimuth[0] < -5 < 5 < azimuth[1], "the first was on the right, the second on the left"
    assert scene.audio.shape[0] == 2


def test_a_message_does_what_the_method_does(browser, widget, pipeline):
    content, buffers = browser.ask("click", x=85, y=130, extend=False)
    twin = ClickToSegment(two_discs(), pipeline=pipeline)
    twin.click(85, 130)
    np.testing.assert_array_equal(widget.mask, twin.mask)
    np.testing.assert_array_equal(browser.mask(), twin.mask)
    assert (content["sequence"], content["view"]) == (1, "one")
    assert content["status"]["kind"] == "ok"
    share = round(100 * twin.mask.mean())
    assert re.match(
        rf"Region of {share} % of the photo; SAM's own guess of its fit: 0\.\d\d\.", content["status"]["text"]
    )
    number = content["region"]["number"]
    content, buffers = browser.ask("keep")
    assert buffers == [], "a mask travels once"
    assert content["region"] is None
    assert [region["number"] for region in content["kept"]] == [number]
    x, y = content["kept"][0]["label_px"]
    assert LEFT[y, x]
    browser.ask("masks", numbers=[number, 99])
    np.testing.assert_array_equal(browser.mask(), twin.mask)
    browser.ask("remove", region=0)
    assert len(widget.masks) == 0
    version = browser.got[-1][0]["version"]
    assert browser.ask("clear")[0]["version"] > version


def test_the_photo_comes_first_and_as_a_jpeg(browser):
    browser.ask("start")
    (photo, buffers), (state, _) = browser.got
    assert photo["size"] == [WIDTH, HEIGHT]
    assert Image.open(io.BytesIO(buffers[0])).size == (WIDTH, HEIGHT)
    assert state["kind"] == "state"
    assert state["kept"] == []


def test_a_front_end_that_loses_buffers_gets_text(widget, monkeypatch):
    browser = Browser(widget, monkeypatch, as_text=True)
    browser.ask("start")
    browser.ask("click", x=85, y=130, extend=False)
    assert not any(buffers for _, buffers in browser.got)
    jpeg = base64.b64decode(browser.got[0][0]["arrays"][0]["text"])
    assert Image.open(io.BytesIO(jpeg)).size == (WIDTH, HEIGHT)
    np.testing.assert_array_equal(browser.mask(), widget.mask)


def test_making_sources_by_message_tells_how_far_it_is(browser, widget):
    browser.ask("click", x=85, y=130, extend=False)
    state, _ = browser.ask("keep")
    stale = browser.ask("make", version=state["version"] - 1)[0]
    assert stale["status"]["kind"] == "error"
    assert widget.scene is None, "a button that was pressed in view of other regions does nothing"
    del browser.got[:]
    done, _ = browser.ask("make", version=stale["version"])
    assert len(widget.scene.labels) == 1
    first = browser.got[0][0]
    assert (first["busy"], first["status"]["kind"]) == (True, "busy")
    assert (done["busy"], done["status"]["kind"]) == (False, "ok")
    assert widget.scene.labels[0]["label"] in done["status"]["text"]
    shares = [content["share"] for content, _ in browser.got if content["kind"] == "progress"]
    assert shares == sorted(shares)
    assert len(shares) > 3
    assert shares[-1] == 1


def test_mistakes_are_errors_in_python_and_sentences_in_the_widget(browser, widget):
    mistakes = [
        (lambda: widget.click(WIDTH, 10), "click", {"x": WIDTH, "y": 10, "extend": False}, "outside of the photo"),
        (lambda: widget.click(3, -1, True), "click", {"x": 3, "y": -1, "extend": True}, "outside of the photo"),
        (lambda: widget.click(float("nan"), 1), "click", {"x": float("nan"), "y": 1, "extend": False}, "outside"),
        (widget.keep, "keep", {}, "no region to keep"),
        (lambda: widget.remove(0), "remove", {"region": 0}, "no region 0"),
        (widget.make_sources, "make", {"version": 0}, "no region is kept"),
    ]
    for call, kind, more, message in mistakes:
        with pytest.raises(ValueError, match=message):
            call()
        if kind == "make":
            more = {"version": widget._version}
        status = browser.ask(kind, **more)[0]["status"]
        assert status["kind"] == "error"
        assert re.search(message, status["text"], re.IGNORECASE)
    widget.click(85, 130)
    for _ in range(10):
        widget._kept.append(widget._region)
    with pytest.raises(ValueError, match="10 regions"):
        widget.keep()


def test_the_same_region_is_not_kept_twice(browser, widget):
    for x, y in ((280, 90), (85, 130)):
        widget.click(x, y)
        widget.keep()
    for x, y in ((84, 131), (280, 91)):
        widget.click(x, y)
        number = 2 if x < 100 else 1
        with pytest.raises(ValueError, match=f"kept already, as number {number}"):
            widget.keep()
        assert len(widget.masks) == 2
        assert widget.mask.any(), "it can still be changed"
    assert "kept already" in browser.ask("keep")[0]["status"]["text"]
    both = LEFT | RIGHT
    widget._region = widget._region._replace(mask=both)
    widget.keep()  # the same, and more
    np.testing.assert_array_equal(widget.masks[2], both)


def test_a_region_that_was_not_kept_is_named_in_the_outcome(browser, widget):
    widget.click(280, 90)
    widget.keep()
    for _ in range(2):
        said = browser.ask("make", version=widget._version)[0]["status"]["text"]
        assert "It is the attribute `scene` of this widget." in said
        assert ("The region in white was not kept and is not among them." in said) == widget.mask.any()
        widget.click(85, 130)
    assert len(widget.scene.labels) == 1


@pytest.mark.parametrize(
    ("mistake", "message"),
    [
        (lambda w: w.click("a", 3), "x_px is 'a'; it must be a number"),
        (lambda w: w.click(3, None), "y_px is None; it must be a number"),
        (lambda w: w.click(True, 3), "x_px is True"),
        (lambda w: w.remove("a"), "region is 'a'; it must be a whole number: give"),
        (lambda w: w.remove(0.0), "region is 0.0; it must be a whole number: give"),
        (lambda w: w.remove(False), "region is False"),
        (lambda w: ClickToSegment(None), "photo is None; it must be a path"),
        (lambda w: ClickToSegment(3), "photo is 3; it must be a path"),
        (lambda w: ClickToSegment(w.image, pipeline="tiny"), "pipeline is 'tiny'; it must be a See2Sound: give"),
        (lambda w: setattr(w, "scene", 5), "scene would be 5; only make_sources sets it"),
        (lambda w: setattr(w, "image", 3), "image would be 3; a widget keeps its photo"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_remedy(widget, mistake, message):
    widget.click(85, 130)
    widget.keep()
    with pytest.raises((TypeError, ValueError), match=message):
        mistake(widget)
    assert len(widget.masks) == 1
    assert widget.scene is None
    np.testing.assert_array_equal(widget.image, two_discs())


def test_numbers_of_numpy_are_numbers(widget):
    widget.click(np.float32(85), np.int64(130))
    widget.keep()
    widget.remove(np.int64(0))
    assert len(widget.masks) == 0


def test_a_model_that_fails_is_named_and_the_widget_goes_on(browser, widget, pipeline, monkeypatch):
    browser.ask("click", x=85, y=130, extend=False)
    version = browser.ask("keep")[0]["version"]

    def fail(*args, **options):
        with pytest.raises(ValueError, match="wait"):
            widget.clear()
        raise RuntimeError("out of memory")

    monkeypatch.setattr(pipeline, "run", fail)
    state, _ = browser.ask("make", version=version)
    assert state["status"] == {"text": "RuntimeError: out of memory", "kind": "error"}
    assert not state["busy"]
    assert widget.scene is None
    with pytest.raises(RuntimeError, match="out of memory"):
        widget.make_sources()
    assert len(widget.masks) == 1
    widget.click(280, 90)
    monkeypatch.setattr(pipeline, "model", lambda task: 1 / 0)
    twin = ClickToSegment(two_discs(), pipeline=pipeline)
    with pytest.raises(ZeroDivisionError):
        twin.click(1, 1)
    assert not twin._busy


def test_the_text_and_the_saved_figure_are_small_and_say_what_is_there(widget, pipeline):
    assert repr(widget) == "ClickToSegment(360 x 240 px, 0 regions)"
    widget.click(280, 90)
    widget.keep()
    assert repr(widget) == "ClickToSegment(360 x 240 px, 1 region)"
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(widget)
    assert repr(widget) in data["text/html"]
    picture = base64.b64decode(re.search(r"base64,([^']+)'", data["text/html"])[1])
    shown = np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")).astype(float)
    changed = np.abs(shown - two_discs()).sum(axis=2) > 40
    assert iou(changed, RIGHT) > 0.7, "the region is tinted, and nothing else"
    noise = np.random.default_rng(0).integers(0, 256, (700, 900, 3), np.uint8)
    html = ClickToSegment(noise, pipeline=pipeline)._repr_mimebundle_()[0]["text/html"]
    assert len(html) < 1.4 * FIGURE_BYTES < 150_000


def test_the_photo_is_encoded_once(widget, monkeypatch):
    count = []
    made = ClickPredictor.__init__

    def counted(*args):
        count.append(1)
        made(*args)

    monkeypatch.setattr(ClickPredictor, "__init__", counted)
    for x in (85, 86, 280):
        widget.click(x, 100, extend=x == 280)
    assert len(count) == 1


def test_in_low_memory_the_segmentation_model_leaves_before_the_sources_are_made():
    pipeline = s2s.See2Sound(low_memory=True)
    widget = ClickToSegment(two_discs(), pipeline=pipeline)
    widget.click(85, 130)
    before = widget.mask
    widget.keep()
    held = []
    pipeline.run = lambda *args, **options: held.append(widget._predictor) or 1 / 0
    with pytest.raises(ZeroDivisionError):
        widget.make_sources()
    assert held == [None]
    widget.click(85, 130)
    np.testing.assert_array_equal(widget.mask, before)
