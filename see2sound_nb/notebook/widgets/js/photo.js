// The photo with the sources' boxes.
import { htmlNode, putAttribute, sourceStyle } from "./dom.js";

const NOMINAL_WIDTH = 560; // pixels; about the width of the photo on the page, for the choice of the labels' corners
const LABEL = { height: 28, perLetter: 8.5, padding: 46 };

/** The corner of each box in which its label covers no earlier label and does not leave the photo, if there is one. */
function labelCorners(boxes, labels, [photoWidth]) {
  const scale = NOMINAL_WIDTH / photoWidth;
  const taken = [];
  return boxes.map((box, k) => {
    const [x0, x1, y0, y1] = box.map((side) => side * scale);
    const wide = LABEL.padding + LABEL.perLetter * labels[k].length;
    const rects = ["top left", "top right", "bottom left", "bottom right"].map((corner) => {
      const left = corner.endsWith("left") ? x0 : x1 - wide;
      const top = corner.startsWith("top") ? y0 : y1 - LABEL.height;
      return { corner, left, top, right: left + wide, bottom: top + LABEL.height };
    });
    const inside = rects.filter((r) => r.left >= 0 && r.right <= NOMINAL_WIDTH);
    const free = inside.filter((r) =>
      taken.every((t) => r.right < t.left || r.left > t.right || r.bottom < t.top || r.top > t.bottom),
    );
    const chosen = free[0] ?? inside[0] ?? rects[0];
    taken.push(chosen);
    return chosen.corner;
  });
}

/** "The photo with 2 sources; all around: sea", for those who do not see it. */
function photoInWords(model) {
  const [count, around] = [model.get("labels").length, model.get("ambience")];
  return `The photo with ${count || "no"} source${count === 1 ? "" : "s"}${around ? `; all around: ${around}` : ""}`;
}

/**
 * The photo; a click on a box, or Enter, selects its source.
 * @returns {{node: HTMLElement, show: () => void, stop: () => void}}
 */
export function createPhoto(engine, model, select) {
  const frame = htmlNode("div", { class: "s2s-photo" });
  const node = htmlNode("section", { class: "s2s-picture", "aria-label": "Photo" }, frame);
  let buttons = [];
  let address = "";
  let built = "";

  function build({ photo, photo_size: size, boxes, captions }) {
    const labels = model.get("labels");
    const colours = model.get("colours");
    const corners = labelCorners(boxes, labels, size);
    const percent = (value, axis) => `${((100 * value) / size[axis]).toFixed(3)}%`;
    buttons = boxes.map(([x0, x1, y0, y1], k) => {
      const text = htmlNode(
        "span",
        { class: "s2s-tag", "data-corner": corners[k] },
        htmlNode("b", {}, String(k + 1)),
        ` ${labels[k]}`,
      );
      const button = htmlNode(
        "button",
        {
          type: "button",
          class: "s2s-box",
          "data-box": k,
          style: sourceStyle(colours[k]),
          "aria-label": `Source ${k + 1}, ${labels[k]}`,
        },
        text,
      );
      button.style.left = percent(x0, 0);
      button.style.top = percent(y0, 1);
      button.style.width = percent(x1 - x0, 0);
      button.style.height = percent(y1 - y0, 1);
      if (captions?.[k]) button.title = captions[k];
      button.addEventListener("click", () => select(k));
      return button;
    });
    // Of boxes one in the other the smaller one must be in front, or it could not be clicked.
    const area = ([x0, x1, y0, y1]) => (x1 - x0) * (y1 - y0);
    const order = boxes.map((_, k) => k).sort((i, j) => area(boxes[j]) - area(boxes[i]));
    order.forEach((k, place) => {
      buttons[k].style.zIndex = place + 1;
    });
    if (!address) address = URL.createObjectURL(photo);
    const image = htmlNode("img", { src: address, alt: photoInWords(model), draggable: "false" });
    frame.style.aspectRatio = `${size[0]} / ${size[1]}`;
    frame.style.setProperty("--s2s-shape", size[0] / size[1]);
    frame.replaceChildren(image, ...buttons);
  }

  return {
    node,
    show() {
      const names = JSON.stringify([model.get("labels"), model.get("colours")]);
      if (engine.assets && names !== built) {
        built = names;
        build(engine.assets);
      }
      buttons.forEach((button, k) => putAttribute(button, "aria-pressed", model.get("selected") === k));
    },
    stop: () => URL.revokeObjectURL(address),
  };
}
