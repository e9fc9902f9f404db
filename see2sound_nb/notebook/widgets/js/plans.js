// The plans of the room, from above and from the side, to one scale unless a side of the room would be too short to drag
// sources in; then that side is stretched, and the caption says so.
import { htmlNode, inkOn, numeral, putAttribute, putAttributes, putText, svgNode } from "./dom.js";

// Axes of the listener's frame: 0 to the right, 1 ahead, 2 up.
const PLAN_VIEWS = {
  above: {
    axes: [0, 1],
    title: "From above",
    text: "metres right and ahead of the listener",
    stretched: ["width", "depth"],
  },
  side: {
    axes: [1, 2],
    title: "From the right side",
    text: "metres ahead and up",
    stretched: ["depth", "height"],
  },
};
const NOSE_AND_EARS = "M-5-10 0-19 5-10ZM-11-4h-3v8h3ZM11-4h3v8h-3Z"; // from above, looking ahead
const PLAN_MARGIN = { left: 48, right: 18, top: 16, bottom: 37 };
const LABEL_GAP = 18; // pixels from the wall: the mark of a source at the wall ends here
const PLAN_TALLEST = { depth: 400, height: 250 }; // pixels
const PLAN_SHORTEST = 120; // pixels, of any side
const HANDLE_REACH = 24; // pixels around a source's centre that a finger may hit
const STEP_M = 0.1;
const LARGE_STEP_M = 0.5;
const WORDS = [["left", "right"], ["behind", "ahead"], ["down", "up"]];

/** A position in words, for those who do not see the plan: "0.8 metres left, 2.1 metres ahead, 0.2 up". */
export function positionInWords(position) {
  const parts = position.map((p, axis) => [Math.abs(p).toFixed(1), WORDS[axis][p < 0 ? 0 : 1]]);
  return parts.map(([size, word], axis) => (axis < 2 ? `${size} metres ${word}` : `${size} ${word}`)).join(", ");
}

/** The handles' move for a key in a plan with these axes, as (axis, metres), or null for any other key. */
function keyMove(event, [across, up]) {
  const size = event.shiftKey ? LARGE_STEP_M : STEP_M;
  const moves = {
    ArrowLeft: [across, -size],
    ArrowRight: [across, size],
    ArrowDown: [up, -size],
    ArrowUp: [up, size],
    PageDown: [2, -size],
    PageUp: [2, size],
  };
  return event.ctrlKey || event.metaKey || event.altKey ? null : (moves[event.key] ?? null);
}

/** Grid lines of an axis that runs from -before to size - before, in metres from the listener. */
function gridMetres(before, size, step) {
  const metres = [];
  for (let m = Math.ceil(-before / step) * step; m <= size - before + 1e-9; m += step) metres.push(m);
  return metres;
}

/** The smallest of 1, 2, 5, 10, ... metres that is at least `pixels` wide. */
function gridStep(scale, pixels) {
  for (let decade = 1; ; decade *= 10) {
    for (const m of [1, 2, 5]) if (m * decade * scale >= pixels) return m * decade;
  }
}

/** The nose of a turned head as seen from the right: a wedge whose base is as high as it is wide. */
function noseFromTheSide(yawDeg) {
  const [cos, sin] = [Math.cos, Math.sin].map((f) => f((yawDeg * Math.PI) / 180));
  const [base, half, ahead] = [10 * Math.abs(cos), 5 * Math.abs(sin), Math.sign(cos)];
  const tip = Math.max(18 * Math.abs(cos), base + 0.7 * half); // from the front it lies within the base
  const corners = [[base, -5], [tip, 2], [base + half, 5], [base - half, 5]];
  return `M${corners.map(([x, y]) => `${(ahead * x).toFixed(1)} ${y}`).join("L")}Z`;
}

/** The number of a source on its colour. */
function sourceMark(k, colour) {
  return [
    svgNode("circle", { class: "s2s-disc", r: 13, fill: colour }),
    svgNode("text", { y: 5, fill: inkOn(colour) }, String(k + 1)),
  ];
}

class RoomPlan {
  constructor(name, engine, model, select, redraw) {
    this.view = PLAN_VIEWS[name];
    Object.assign(this, { engine, model, select, redraw, drag: null, scales: [1, 1], origin: [0, 0] });
    this.grid = svgNode("path", { class: "s2s-grid" });
    this.axesLines = svgNode("path", { class: "s2s-axes" });
    this.walls = svgNode("rect", { class: "s2s-walls" });
    this.marks = svgNode("g", { class: "s2s-marks", "aria-hidden": "true" });
    this.rays = svgNode("g");
    [this.behind, this.before] = [svgNode("path"), svgNode("path")]; // what of the head is behind its outline, or before it
    const outline = svgNode("circle", { r: 11 });
    this.head = svgNode("g", { class: "s2s-head" }, this.behind, outline, this.before, svgNode("title", {}, "Listener"));
    this.handles = svgNode("g");
    // The selected source is shown once more, in front of all others: moving its handle there would lose the focus.
    this.front = svgNode("g", { class: "s2s-front", "aria-hidden": "true" });
    this.svg = svgNode(
      "svg",
      { "data-plan": name, class: "s2s-plan", role: "group", "aria-label": `Plan ${this.view.title.toLowerCase()}` },
      ...[this.grid, this.axesLines, this.walls, this.marks, this.rays, this.head, this.handles, this.front],
    );
    this.stretch = htmlNode("span");
    const title = htmlNode("strong", {}, this.view.title);
    const caption = htmlNode("figcaption", {}, title, ` \u2014 ${this.view.text}`, this.stretch);
    this.node = htmlNode("figure", { class: "s2s-figure" }, caption, this.svg);
  }

  /** Room, grid and labels: anew when the room or the width of the column has changed. */
  drawRoom(width, scale) {
    const [a, u] = this.view.axes;
    const size = this.model.get("room_size");
    const listener = this.model.get("listener");
    this.scales = [a, u].map((axis) => Math.max(scale, PLAN_SHORTEST / size[axis]));
    const [across, up] = this.scales;
    const [wide, tall] = [size[a] * across, size[u] * up];
    const left = PLAN_MARGIN.left + (width - PLAN_MARGIN.left - PLAN_MARGIN.right - wide) / 2;
    const bottom = PLAN_MARGIN.top + tall;
    this.origin = [left + listener[a] * across, bottom - listener[u] * up];
    const [x0, y0] = this.origin;
    putAttribute(this.svg, "viewBox", `0 0 ${width} ${bottom + PLAN_MARGIN.bottom}`);
    putAttributes(this.walls, { x: left, y: PLAN_MARGIN.top, width: wide, height: tall });
    const lines = (axis, axisScale, pixels) => gridMetres(listener[axis], size[axis], gridStep(axisScale, pixels));
    const ruled = [
      ...lines(a, across, 8).map((m) => `M${x0 + m * across} ${PLAN_MARGIN.top}v${tall}`),
      ...lines(u, up, 8).map((m) => `M${left} ${y0 - m * up}h${wide}`),
    ];
    putAttribute(this.grid, "d", ruled.join(""));
    putAttribute(this.axesLines, "d", `M${x0} ${PLAN_MARGIN.top}v${tall}M${left} ${y0}h${wide}`);
    const mark = (m, x, y, anchor) => svgNode("text", { x, y, "text-anchor": anchor }, numeral(m));
    this.marks.replaceChildren(
      ...lines(a, across, 30).map((m) => mark(m, x0 + m * across, bottom + LABEL_GAP + 11)),
      ...lines(u, up, 30).map((m) => mark(m, left - LABEL_GAP, y0 - m * up + 5, "end")),
    );
    this.ranges = [0, 1, 2].map((axis) => [-listener[axis], size[axis] - listener[axis]]);
    const ratio = Math.max(across / up, up / across);
    const longer = this.view.stretched[across > up ? 0 : 1];
    putText(this.stretch, ratio > 1.005 ? ` (${longer} drawn ${ratio.toFixed(1)} times larger)` : "");
  }

  buildHandles() {
    const colours = this.model.get("colours");
    this.rays.replaceChildren(...colours.map((colour) => svgNode("line", { class: "s2s-ray", stroke: colour })));
    this.handles.replaceChildren(...colours.map((colour, k) => this.handle(k, colour)));
    this.fronted = null;
  }

  handle(k, colour) {
    const node = svgNode(
      "g",
      { "data-handle": k, class: "s2s-handle", role: "slider", tabindex: 0 },
      svgNode("circle", { class: "s2s-reach", r: 21 }),
      ...sourceMark(k, colour),
    );
    node.addEventListener("focus", () => this.select(k));
    node.addEventListener("keydown", (event) => this.key(event, k));
    node.addEventListener("mousedown", (event) => event.preventDefault()); // the focus is set in `grab`
    node.addEventListener("pointerdown", (event) => this.grab(event, node));
    node.addEventListener("pointermove", (event) => this.pull(event));
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) {
      node.addEventListener(type, (event) => this.release(event));
    }
    return node;
  }

  /** The event's place in metres, along the two axes of this plan. */
  metres(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [(point.x - this.origin[0]) / this.scales[0], (this.origin[1] - point.y) / this.scales[1]];
  }

  /** Where handles overlap, the nearest is meant, and of two at about one place the selected one. */
  nearest([across, up]) {
    const [a, u] = this.view.axes;
    const pixels = (p) => Math.hypot((p[a] - across) * this.scales[0], (p[u] - up) * this.scales[1]);
    const far = this.model.get("positions").map(pixels);
    const least = Math.min(...far);
    const selected = this.model.get("selected");
    return far[selected] < Math.min(least + 3, HANDLE_REACH) ? selected : far.indexOf(least);
  }

  grab(event, node) {
    if (event.button !== 0 || this.drag) return;
    const place = this.metres(event);
    const k = this.nearest(place);
    const position = this.model.get("positions")[k];
    // The place where the handle was taken stays under the pointer: it must not jump at the first move.
    const offset = this.view.axes.map((axis, i) => position[axis] - place[i]);
    this.drag = { k, offset, pointer: event.pointerId };
    node.setPointerCapture(event.pointerId);
    this.handles.children[k].focus({ preventScroll: true });
    this.select(k);
    this.svg.classList.add("s2s-dragging");
  }

  pull(event) {
    if (this.drag?.pointer !== event.pointerId) return;
    const latest = event.getCoalescedEvents?.().at(-1) ?? event;
    const place = this.metres(latest);
    const position = [...this.model.get("positions")[this.drag.k]];
    this.view.axes.forEach((axis, i) => {
      position[axis] = place[i] + this.drag.offset[i];
    });
    this.engine.move(this.drag.k, position, event.timeStamp);
  }

  release(event) {
    if (this.drag?.pointer !== event.pointerId) return;
    this.drag = null;
    this.svg.classList.remove("s2s-dragging");
    this.redraw(); // a change of the room waited for the end of the drag
  }

  key(event, k) {
    const move = keyMove(event, this.view.axes);
    if (!move) return;
    event.preventDefault(); // the page must not scroll
    const position = [...this.model.get("positions")[k]];
    position[move[0]] += move[1];
    this.engine.move(k, position, event.timeStamp);
  }

  drawSources(selected, silent) {
    const [a, u] = this.view.axes;
    const [x0, y0] = this.origin;
    const labels = this.model.get("labels");
    this.model.get("positions").forEach((position, k) => {
      const [x, y] = [x0 + position[a] * this.scales[0], y0 - position[u] * this.scales[1]];
      const [node, ray] = [this.handles.children[k], this.rays.children[k]];
      const [least, most] = this.ranges[a].map((m) => Number(m.toFixed(2)));
      putAttributes(ray, { x1: x0, y1: y0, x2: x.toFixed(2), y2: y.toFixed(2) });
      putAttributes(node, {
        transform: `translate(${x.toFixed(2)} ${y.toFixed(2)})`,
        "aria-label": `Source ${k + 1}, ${labels[k]}`,
        "aria-valuemin": least,
        "aria-valuemax": most,
        "aria-valuenow": Math.min(most, Math.max(least, Number(position[a].toFixed(2)))),
        "aria-valuetext": positionInWords(position),
      });
      node.classList.toggle("s2s-silent", silent[k]);
      ray.classList.toggle("s2s-selected", k === selected);
    });
    if (this.fronted !== selected) {
      this.fronted = selected;
      const mark = sourceMark(selected, this.model.get("colours")[selected]);
      this.front.replaceChildren(svgNode("circle", { class: "s2s-ring", r: 17.5 }), ...mark);
    }
    putAttribute(this.front, "transform", this.handles.children[selected].getAttribute("transform"));
    this.front.classList.toggle("s2s-silent", silent[selected]);
  }

  /** The listener's head, turned by yaw degrees to the left. */
  drawHead(yaw) {
    const place = `translate(${this.origin[0]} ${this.origin[1]})`;
    if (this.view.axes[0] === 0) {
      // SVG turns to the right; where the plan is stretched, so is the direction in which the nose points.
      const [x, y] = [Math.sin, Math.cos].map((f, i) => f((yaw * Math.PI) / 180) * this.scales[i]);
      putAttribute(this.head, "transform", `${place} rotate(${(-Math.atan2(x, y) * 180) / Math.PI})`);
      putAttribute(this.behind, "d", NOSE_AND_EARS);
    } else {
      // A head that looks to the right looks at the reader.
      const nose = noseFromTheSide(yaw);
      putAttribute(this.head, "transform", place);
      putAttribute(this.behind, "d", yaw < 0 ? "" : nose);
      putAttribute(this.before, "d", yaw < 0 ? nose : "");
    }
  }
}

/**
 * Both plans.
 * @param {EventTarget} engine the live engine
 * @param {object} model the widget's model
 * @param {(k: number) => void} select makes source k the selected one
 * @param {() => void} redraw asks for a call of `draw` in the next frame
 * @returns {{node: HTMLElement, draw: () => void, stop: () => void}}
 */
export function createRoomPlans(engine, model, select, redraw) {
  const plans = ["above", "side"].map((name) => new RoomPlan(name, engine, model, select, redraw));
  const figures = plans.map((plan) => plan.node);
  const node = htmlNode("section", { class: "s2s-plans", "aria-label": "Plans of the room" }, ...figures);
  let width = 0;
  let drawnRoom = "";
  let drawnSources = "";
  // One SVG unit is one pixel of the page, so that text keeps its size in a column of any width.
  const observer = new ResizeObserver(([entry]) => {
    width = Math.round(entry.contentRect.width);
    redraw();
  });
  observer.observe(node);

  function draw() {
    if (width === 0) return;
    const size = model.get("room_size");
    const dragging = plans.some((plan) => plan.drag);
    const room = JSON.stringify([width, size, model.get("listener")]);
    if (room !== drawnRoom && !dragging) {
      drawnRoom = room;
      const free = Math.max(120, width - PLAN_MARGIN.left - PLAN_MARGIN.right);
      const { depth, height } = PLAN_TALLEST;
      const scale = Math.min(free / Math.max(size[0], size[1]), depth / size[1], height / size[2]);
      for (const plan of plans) plan.drawRoom(width, scale);
    }
    const sources = model.get("colours").join();
    if (sources !== drawnSources) {
      drawnSources = sources;
      for (const plan of plans) plan.buildHandles();
    }
    const soloed = model.get("soloed");
    const muted = model.get("muted");
    const silent = soloed.map((solo, k) => muted[k] || (soloed.includes(true) && !solo));
    const yaw = model.get("channel_layout") === "binaural" ? model.get("head_yaw_deg") : 0;
    for (const plan of plans) {
      plan.drawSources(model.get("selected"), silent);
      plan.drawHead(yaw);
    }
  }

  return { node, draw, stop: () => observer.disconnect() };
}
