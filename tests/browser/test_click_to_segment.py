"""Choosing regions in JupyterLab, by mouse and by keys, down to the scene in the next cell."""

import statistics

import cv2
import numpy as np
import pytest

from browser.pages import open_page
from see2sound_nb import ClickToSegment, demo_photo
from see2sound_nb.notebook.widgets import _assets

PIPELINE = "import see2sound_nb as s2s\npipeline = s2s.See2Sound(preset='tiny')"
WIDGET = "w = s2s.ClickToSegment(s2s.demo_photo(), pipeline=pipeline)\nw"
#: Pixels (x, y) of the demo photo, 1024 x 768: the guitar's body, its neck and its black plate; the bass drum's skin.
BODY, NECK, PLATE, DRUM = (760, 640), (740, 300), (800, 440), (340, 400)


def ready(page):
    page.locator(".s2s-click-to-segment[data-ready=true]").wait_for()


@pytest.fixture(scope="module")
def shared(browser, lab):
    with open_page(browser) as page:
        yield lab.open_notebook(page, lab.write_notebook("click", [PIPELINE, WIDGET]))


@pytest.fixture
def notebook(shared):
    """A notebook with a widget that nobody has clicked on yet; the models are loaded once for all tests."""
    # So that the widget of the test before is not taken for the new one.
    shared.page.evaluate("() => document.querySelector('.s2s-click-to-segment').removeAttribute('data-ready')")
    shared.run_again(1)
    ready(shared.page)
    return shared


@pytest.fixture
def twin(pipeline):
    """The same widget in this process: what the browser shows must be what it holds after the same clicks."""
    return ClickToSegment(demo_photo(), pipeline=pipeline)


def click(page, pixel, *, shift=False):
    """Click on a pixel of the photo, wherever it is drawn."""
    photo = page.locator("[data-photo] canvas")
    shown = photo.bounding_box()
    position = {"x": (pixel[0] + 0.5) / 1024 * shown["width"], "y": (pixel[1] + 0.5) / 768 * shown["height"]}
    photo.click(position=position, modifiers=["Shift"] if shift else [], force=True)  # numbers lie over it


def drawn(widget):
    """(H, W) bool, what is covered by regions."""
    return widget.mask | widget.masks.any(axis=0)


def wait_for_change(page, before, after):
    """Until the photo shows the regions `after` and not those `before`, at the pixel that is deepest in the change."""
    depth = cv2.distanceTransform((before != after).astype(np.uint8), cv2.DIST_L2, 3)
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    page.wait_for_function(
        """([x, y, drawn]) => {
          const canvas = document.querySelector("[data-photo] canvas");
          return canvas.getContext("2d").getImageData(x, y, 1, 1).data[3] > 0 === drawn;
        }""",
        arg=[int(x), int(y), bool(after[y, x])],
    )


def click_both(page, twin, pixel, *, shift=False):
    before = drawn(twin)
    twin.click(*pixel, extend=shift)
    click(page, pixel, shift=shift)
    wait_for_change(page, before, drawn(twin))


def inside(notebook, *pixels):
    return notebook.value(f"[bool(w.mask[y, x]) for x, y in {pixels}]")


def status(page, text):
    page.locator(".s2s-click-to-segment [data-status]").filter(has_text=text).wait_for()


def press(page, control):
    page.locator(f".s2s-click-to-segment [data-control={control}]").click()


def test_regions_chosen_by_mouse_become_the_scene_in_the_next_cell(notebook, twin):
    page = notebook.page
    press(page, "keep")
    status(page, "There is no region to keep")

    click_both(page, twin, BODY)
    assert inside(notebook, BODY, PLATE, NECK, DRUM) == [True, False, False, False]
    share = notebook.value("100 * float(w.mask.mean())")
    assert 3 < share < 20
    status(page, f"Region of {share:.0f} % of the photo")
    click_both(page, twin, PLATE, shift=True)
    assert inside(notebook, BODY, PLATE, NECK, DRUM) == [True, True, True, False]
    click_both(page, twin, NECK, shift=True)
    assert inside(notebook, BODY, PLATE, NECK, DRUM) == [True, True, False, False]
    assert notebook.value("int(w.mask.sum())") == pytest.approx(twin.mask.sum(), rel=0.1)
    press(page, "keep")
    page.locator("[data-region='0']").wait_for()
    twin.keep()

    for pixel, k in (NECK, 1), (DRUM, 2):
        click_both(page, twin, pixel)
        press(page, "keep")
        page.locator(f"[data-region='{k}']").wait_for()
        twin.keep()
    before = drawn(twin)
    page.get_by_role("button", name="Remove region 2").click()
    twin.remove(1)
    wait_for_change(page, before, drawn(twin))
    assert page.locator("[data-region]").count() == 2
    click_both(page, twin, DRUM)
    press(page, "keep")
    status(page, "This region is kept already, as number 2")
    assert page.locator("[data-region]").count() == 2

    page.evaluate(
        """() => {
          const bar = document.querySelector(".s2s-click-to-segment progress");
          window.shares = [];
          new MutationObserver(() => shares.push(bar.value)).observe(bar, { attributes: true });
        }"""
    )
    press(page, "make")
    status(page, "The region in white was not kept")
    shares = page.evaluate("shares")
    assert shares == sorted(shares)
    assert len({*shares}) > 3
    assert notebook.run("len(w.scene.labels), bool((w.scene.masks == w.masks).all())") == "(2, True)"
    guitar, drum = notebook.value("w.scene.positions_m[:, 0].tolist()")
    assert guitar > 0 > drum

    press(page, "clear")
    wait_for_change(page, drawn(twin), np.zeros_like(twin.mask))
    assert page.locator("[data-region]").count() == 0
    assert notebook.value("len(w.masks)") == 0


def test_regions_can_be_chosen_with_the_keyboard_alone(notebook):
    page, cells_run = notebook.page, notebook.value("len(In)")
    page.locator("[data-photo]").focus()

    def keys(*names):
        for name in names:
            page.keyboard.press(name)

    keys(*["Shift+ArrowLeft"] * 3, *["Shift+ArrowDown"] * 2, "ArrowLeft")  # from (512, 384)
    page.get_by_text("Crosshair at x 357, y 484.").wait_for()
    keys("Enter")
    status(page, "Region of")
    assert inside(notebook, (357, 484), (407, 584)) == [True, True]
    before = page.locator(".s2s-click-to-segment [data-status]").text_content()
    keys("Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown", "Shift+Enter")
    page.locator(".s2s-click-to-segment [data-status]").filter(has_not_text=before).wait_for()
    assert inside(notebook, (357, 484), (407, 584)) == [True, False]
    keys("Tab", "Enter")
    page.locator("[data-region='0']").wait_for()
    keys("Tab", "Tab", "Enter")
    status(page, "The scene is ready")
    assert notebook.run(f"len(w.scene.labels), len(In) - {cells_run}") == "(1, 1)"  # Shift+Enter ran no cell


def test_many_clicks_are_answered_and_the_last_one_counts(notebook, twin, capsys):
    page = notebook.page
    click(page, BODY)  # this one encodes the photo
    status(page, "Region of")
    times = page.evaluate(
        """async (points) => {
          const photo = document.querySelector("[data-photo]"), canvas = photo.querySelector("canvas");
          const status = document.querySelector("[data-status]"), times = [];
          const { left, top, width, height } = canvas.getBoundingClientRect();
          window.clickAt = ([x, y]) => photo.dispatchEvent(new MouseEvent("click", {
            clientX: left + ((x + 0.5) / 1024) * width, clientY: top + ((y + 0.5) / 768) * height, bubbles: true }));
          for (const point of points) {
            const answered = new Promise((done) => {
              const observer = new MutationObserver(() => { observer.disconnect(); done(); });
              observer.observe(status, { childList: true, characterData: true, subtree: true });
            });
            const start = performance.now();
            clickAt(point);
            await answered;
            times.push(performance.now() - start);
          }
          return times;
        }""",
        [DRUM, BODY] * 10,
    )
    with capsys.disabled():
        print(f"\nclick to mask: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms of {len(times)}")
    page.evaluate("(points) => points.forEach(clickAt)", [DRUM, BODY] * 4 + [NECK])
    twin.click(*BODY)
    before = drawn(twin)
    twin.click(*NECK)
    wait_for_change(page, before, drawn(twin))
    assert inside(notebook, NECK, BODY, DRUM) == [True, False, False]


def test_a_kernel_that_is_gone_is_reported(lab, page):
    notebook = lab.open_notebook(page, lab.write_notebook("gone", [PIPELINE, WIDGET]))
    ready(page)
    notebook.kill_kernel()
    click(page, BODY)
    status(page, "kernel")
    assert page.locator(".s2s-click-to-segment [data-status]").get_attribute("data-kind") in ("warning", "error")


def test_a_front_end_that_loses_binary_data_gets_text(own_modules, twin):
    replies = []
    twin.send = lambda content, buffers=None: replies.append(content)

    def kernel(content):
        replies.clear()
        twin._answer(twin, content, [])
        return list(replies)

    own_modules.expose_function("kernel", kernel)
    own_modules.add_style_tag(content=_assets.style("theme.css", "click_to_segment.css"))
    own_modules.evaluate(
        """async () => {
          const { default: widget } = await import("/joined/click_to_segment.js");
          const listeners = new Set();
          const send = async (content) => {
            for (const reply of await kernel(content)) for (const hear of listeners) hear(reply, []);
          };
          const hearing = { on: (_, hear) => listeners.add(hear), off: (_, hear) => listeners.delete(hear) };
          const model = { send, get: () => "", ...hearing };
          widget.render({ model, el: document.body });
        }"""
    )
    own_modules.locator("[data-ready=true]").wait_for()
    click(own_modules, DRUM)
    status(own_modules, "Region of")
    assert twin.mask[DRUM[1], DRUM[0]]
    wait_for_change(own_modules, np.zeros_like(twin.mask), twin.mask)
