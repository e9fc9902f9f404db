// What the live room shows: the photo, the plans, the sources, the room, and what is heard. It holds no sound.
import { htmlNode, putAttribute, putText, saveTrait, svgNode } from "./dom.js";
import { createClipPicture } from "./clip_picture.js";
import { createMeters, createReadout } from "./meters.js";
import { createRoomControls, createSourceList, kernelIsGone } from "./panel.js";
import { createPhoto } from "./photo.js";
import { createRoomPlans } from "./plans.js";

const TEXT_EVERY = 250; // milliseconds; what the frames of a clip change is not written out at each
const SHOWN_TRAITS = [
  "positions",
  "offsets_m",
  "selected",
  "absorption",
  "room_size",
  "listener",
  "max_order",
  "head_yaw_deg",
  "channel_layout",
  "muted",
  "soloed",
  "levels_db",
  "ambience",
  "ambience_level_db",
  "ambience_muted",
  "gain_db",
  "playing",
  "message",
  "labels",
  "colours",
  "prompts",
];
const STATUS_PREFIX = { warning: "Warning: ", error: "Error: " };

/** The play button: it pauses while sound is running, else it plays. */
function playButton(engine) {
  const icon = svgNode("path", {});
  const text = htmlNode("span", {});
  const node = htmlNode(
    "button",
    { type: "button", class: "s2s-button s2s-main s2s-play", "data-control": "play" },
    svgNode("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, icon),
    text,
  );
  // Straight in the handler: a browser lets sound begin only while it handles a click.
  node.addEventListener("click", () => (engine.sounds ? engine.pause() : engine.play()));
  return {
    node,
    show() {
      node.disabled = !engine.assets;
      putText(text, engine.sounds ? "Pause" : "Play");
      putAttribute(icon, "d", engine.sounds ? "M3 2h4v12H3zM9 2h4v12H9z" : "M3 1.5 14 8 3 14.5z");
    },
  };
}

/** What engine and kernel have to say; read out by screen readers. */
function statusLine(engine, model) {
  const own = htmlNode("p", { class: "s2s-status" });
  const kernel = htmlNode("p", { class: "s2s-status", "data-kind": "warning" });
  const live = { class: "s2s-statuses", role: "status", "aria-live": "polite", "data-status": "" };
  const node = htmlNode("div", live, own, kernel);
  return {
    node,
    show() {
      const { text, kind } = engine.status;
      putText(own, `${STATUS_PREFIX[kind] ?? ""}${text}`);
      putAttribute(own, "data-kind", kind);
      const message = model.get("message");
      putText(kernel, message === text ? "" : message); // the engine may have taken it up already
      kernel.hidden = !kernel.textContent;
    },
  };
}

/**
 * Build the view of a live room in `el`.
 * @param {EventTarget} engine the live engine of the model
 * @param {object} model the widget's model (anywidget)
 * @param {HTMLElement} el where to
 * @returns {() => void} removes the view, its listeners and its animation loop
 */
export function createLiveRoomView(engine, model, el) {
  let frameRequest = 0;
  let allChanged = true;
  let placesChanged = true;
  let frameChanged = false;
  let writtenAt = 0;

  function redraw() {
    if (!frameRequest) frameRequest = requestAnimationFrame(frame);
  }

  function redrawAll() {
    allChanged = true;
    redraw();
  }

  function redrawPlaces() {
    placesChanged = true;
    redraw();
  }

  function redrawFrame() {
    frameChanged = true;
    redraw();
  }

  /** Of another shot the first source is the selected one. */
  function followShot() {
    const there = model.get("labels").findIndex((_, k) => engine.isPresent(k));
    if (there >= 0 && !engine.isPresent(model.get("selected"))) select(there);
    redrawAll();
  }

  function select(k) {
    if (model.get("selected") !== k) saveTrait(model, "selected", k);
  }

  const play = playButton(engine);
  const status = statusLine(engine, model);
  const photo = model.get("duration_s") > 0 ? createClipPicture(engine, model, select) : createPhoto(engine, model, select);
  const plans = createRoomPlans(engine, model, select, redrawPlaces);
  const sources = createSourceList(engine, model, select);
  const controls = createRoomControls(engine, model);
  const readout = createReadout(engine, model);
  const meters = createMeters(engine, model, () => sources.meters);
  const bar = htmlNode("div", { class: "s2s-bar" }, play.node, status.node);
  if (engine.hostNote) bar.append(htmlNode("p", { class: "s2s-host-note" }, engine.hostNote));
  // The order of the document is the order of the Tab key; the style sheet places the parts.
  const body = htmlNode("div", { class: "s2s-body" }, bar, photo.node, plans.node, readout.node, meters.node);
  body.append(sources.node, controls.node);
  const root = htmlNode("div", { class: "s2s-live-room", "data-ready": "false" }, body);
  root.engine = engine;

  function frame(now) {
    frameRequest = 0;
    if (allChanged) {
      putAttribute(root, "data-ready", Boolean(engine.assets));
      for (const part of [play, status, photo, sources, controls]) part.show();
    }
    if (allChanged || placesChanged || frameChanged) {
      plans.draw();
      if (frameChanged) photo.follow();
      if (allChanged || placesChanged || now - writtenAt > TEXT_EVERY) {
        readout.show();
        writtenAt = now;
      }
    }
    allChanged = placesChanged = frameChanged = false;
    const moving = meters.draw(now);
    if (engine.sounds || moving) redraw();
  }

  const ended = new AbortController();
  const listen = (target, type, listener) => target.addEventListener(type, listener, { signal: ended.signal });
  for (const type of ["ready", "status", "sound"]) listen(engine, type, redrawAll);
  listen(engine, "exact", redrawPlaces); // another latency
  listen(engine, "time", redrawFrame);
  listen(engine, "shot", followShot);
  listen(engine, "status", () => kernelIsGone(engine) && sources.release());
  listen(engine, "progress", (event) => sources.progress(event.detail));
  // Keys pressed here are meant for the controls, not for the notebook's shortcuts; those with Ctrl are left to it.
  listen(root, "keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
  });
  const listeners = SHOWN_TRAITS.map((name) => [`change:${name}`, ["positions", "offsets_m"].includes(name) ? redrawPlaces : redrawAll]);
  for (const [event, listener] of listeners) model.on(event, listener);
  el.append(root);
  redraw();

  return () => {
    cancelAnimationFrame(frameRequest);
    ended.abort();
    for (const [event, listener] of listeners) model.off(event, listener);
    plans.stop();
    photo.stop();
    root.remove();
  };
}
