// The sources in a plan of the room: handles that are dragged, or moved by keys, and rays from the listener to them.
import { inkOn, putAttribute, putAttributes, svgNode } from "./dom.js";

const HANDLE_REACH = 24; // pixels around a source's centre that a finger may hit
const STEP_M = 0.1;
const LARGE_STEP_M = 0.5;
const WORDS = [["left", "right"], ["behind", "ahead"], ["down", "up"]];

/** A position in words, for those who do not see the plan: "0.8 metres left, 2.1 metres ahead, 0.2 up". */
function positionInWords(position) {
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

/** The number of a source on its colour. */
function sourceMark(k, colour) {
  return [
    svgNode("circle", { class: "s2s-disc", r: 13, fill: colour }),
    svgNode("text", { y: 5, fill: inkOn(colour) }, String(k + 1)),
  ];
}

export class Handles {
  /**
   * `ways`, `rays`, `nodes` and `front` are to be drawn in this order, in one SVG.
   * @param {number[]} axes of the listener's frame, to the right and up in the plan
   * @param {EventTarget} engine the live engine
   * @param {object} model the widget's model
   * @param {(k: number) => void} select makes source k the selected one
   * @param {() => void} redraw asks for another drawing of all plans
   */
  constructor(axes, engine, model, select, redraw) {
    Object.assign(this, { axes, engine, model, select, redraw, drag: null });
    this.ways = svgNode("g", { class: "s2s-ways" }); // of a clip the whole path of each source
    this.rays = svgNode("g");
    this.nodes = svgNode("g");
    // The selected source is shown once more, in front of all others: moving its handle there would lose the focus.
    this.front = svgNode("g", { class: "s2s-front", "aria-hidden": "true" });
  }

  /**
   * The plan is drawn so from now on.
   * @param {number[]} origin the listener, in pixels
   * @param {number[]} scales pixels for a metre, to the right and up
   * @param {number[][]} ranges in metres from the listener, of all three axes
   */
  fit(origin, scales, ranges) {
    Object.assign(this, { origin, scales, ranges });
  }

  build() {
    const colours = this.model.get("colours");
    this.ways.replaceChildren(...colours.map((colour) => svgNode("polyline", { stroke: colour })));
    this.drawnWays = "";
    this.rays.replaceChildren(...colours.map((colour) => svgNode("line", { class: "s2s-ray", stroke: colour })));
    this.nodes.replaceChildren(...colours.map((colour, k) => this.handle(k, colour)));
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

  get svg() {
    return this.nodes.ownerSVGElement;
  }

  /** The event's place in metres, along the two axes of this plan. */
  metres(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.svg.getScreenCTM().inverse());
    return [(point.x - this.origin[0]) / this.scales[0], (this.origin[1] - point.y) / this.scales[1]];
  }

  /** Where handles overlap, the nearest is meant, and of two at about one place the selected one. */
  nearest([across, up]) {
    const [a, u] = this.axes;
    const pixels = (p) => Math.hypot((p[a] - across) * this.scales[0], (p[u] - up) * this.scales[1]);
    const far = this.model.get("positions").map((p, k) => (this.engine.isPresent(k) ? pixels(p) : Infinity));
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
    const offset = this.axes.map((axis, i) => position[axis] - place[i]);
    this.drag = { k, offset, pointer: event.pointerId };
    node.setPointerCapture(event.pointerId);
    this.nodes.children[k].focus({ preventScroll: true });
    this.select(k);
    this.svg.classList.add("s2s-dragging");
  }

  pull(event) {
    if (this.drag?.pointer !== event.pointerId) return;
    const latest = event.getCoalescedEvents?.().at(-1) ?? event;
    const place = this.metres(latest);
    const position = [...this.model.get("positions")[this.drag.k]];
    this.axes.forEach((axis, i) => {
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
    const move = keyMove(event, this.axes);
    if (!move) return;
    event.preventDefault(); // the page must not scroll
    const position = [...this.model.get("positions")[k]];
    position[move[0]] += move[1];
    this.engine.move(k, position, event.timeStamp);
  }

  /** The paths change with the shot, the offsets and the plan, not from frame to frame. */
  drawWays() {
    const { clip } = this.engine;
    if (!clip) return;
    const shown = JSON.stringify([clip.shot, this.model.get("offsets_m"), this.origin, this.scales, this.ranges]);
    if (shown === this.drawnWays) return;
    this.drawnWays = shown;
    const [a, u] = this.axes;
    const inPlan = (place) =>
      [this.origin[0] + place[a] * this.scales[0], this.origin[1] - place[u] * this.scales[1]].map((v) => v.toFixed(1)).join();
    [...this.ways.children].forEach((way, k) => way.setAttribute("points", clip.way(k).map(inPlan).join(" ")));
  }

  draw(selected, silent) {
    const [a, u] = this.axes;
    const [x0, y0] = this.origin;
    const labels = this.model.get("labels");
    this.model.get("positions").forEach((position, k) => {
      const [x, y] = [x0 + position[a] * this.scales[0], y0 - position[u] * this.scales[1]];
      const [node, ray] = [this.nodes.children[k], this.rays.children[k]];
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
      for (const part of [node, ray]) part.classList.toggle("s2s-absent", !this.engine.isPresent(k));
      ray.classList.toggle("s2s-selected", k === selected);
    });
    if (!labels.length) return;
    this.drawWays();
    if (this.fronted !== selected) {
      this.fronted = selected;
      const mark = sourceMark(selected, this.model.get("colours")[selected]);
      this.front.replaceChildren(svgNode("circle", { class: "s2s-ring", r: 17.5 }), ...mark);
    }
    putAttribute(this.front, "transform", this.nodes.children[selected].getAttribute("transform"));
    this.front.classList.toggle("s2s-silent", silent[selected]);
    this.front.classList.toggle("s2s-absent", !this.engine.isPresent(selected));
  }
}
