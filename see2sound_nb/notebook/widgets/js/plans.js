// The plans of the room, from above and from the side, to one scale unless a side of the room would be too short to drag
// sources in; then that side is stretched, and the caption says so.
import { htmlNode, numeral, putAttribute, putAttributes, putText, svgNode } from "./dom.js";
import { Handles } from "./handles.js";

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
const HEARD_LEAST = 1e-4; // the factor of what is drawn as silent; the lowest level is 100 times louder

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

class RoomPlan {
  constructor(name, engine, model, select, redraw) {
    this.view = PLAN_VIEWS[name];
    Object.assign(this, { model, scales: [1, 1], origin: [0, 0] });
    this.grid = svgNode("path", { class: "s2s-grid" });
    this.axesLines = svgNode("path", { class: "s2s-axes" });
    this.walls = svgNode("rect", { class: "s2s-walls" });
    this.marks = svgNode("g", { class: "s2s-marks", "aria-hidden": "true" });
    [this.behind, this.before] = [svgNode("path"), svgNode("path")]; // what of the head is behind its outline, or before it
    const outline = svgNode("circle", { r: 11 });
    this.head = svgNode("g", { class: "s2s-head" }, this.behind, outline, this.before, svgNode("title", {}, "Listener"));
    this.handles = new Handles(this.view.axes, engine, model, select, redraw);
    const { ways, rays, nodes, front } = this.handles;
    this.svg = svgNode(
      "svg",
      { "data-plan": name, class: "s2s-plan", role: "group", "aria-label": `Plan ${this.view.title.toLowerCase()}` },
      ...[this.grid, this.axesLines, this.walls, this.marks, ways, rays, this.head, nodes, front],
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
    this.handles.fit(this.origin, this.scales, size.map((side, axis) => [-listener[axis], side - listener[axis]]));
    const ratio = Math.max(across / up, up / across);
    const longer = this.view.stretched[across > up ? 0 : 1];
    putText(this.stretch, ratio > 1.005 ? ` (${longer} drawn ${ratio.toFixed(1)} times larger)` : "");
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
    const dragging = plans.some((plan) => plan.handles.drag);
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
      for (const plan of plans) plan.handles.build();
    }
    const silent = engine.sound.levels().map((factor) => factor < HEARD_LEAST);
    const yaw = model.get("channel_layout") === "binaural" ? model.get("head_yaw_deg") : 0;
    for (const plan of plans) {
      plan.handles.draw(model.get("selected"), silent);
      plan.drawHead(yaw);
    }
  }

  return { node, draw, stop: () => observer.disconnect() };
}
