// What sounds, in numbers: levels of the channels, and the cues of the selected source.
import { htmlNode, numeral, putAttribute, putText, sourceStyle } from "./dom.js";

const METER_FLOOR_DB = -60;
const TEXT_EVERY_MS = 250; // text that changes faster cannot be read
const PEAK_HOLD_MS = 1200;
const PEAK_FALL_DB_S = 20;

function meterShare(db) {
  return Math.min(1, Math.max(0, 1 - db / METER_FLOOR_DB));
}

function meterText(db) {
  return db <= METER_FLOOR_DB ? "silent" : `${numeral(db)}\u00a0dB`;
}

/** One bar of a channel: its name, level, highest level of late, and the level as text. */
function channelMeter(name) {
  const fill = htmlNode("span", { class: "s2s-fill" });
  const mark = htmlNode("span", { class: "s2s-peak" });
  const text = htmlNode("span", { class: "s2s-value", "aria-hidden": "true" }, "silent");
  const node = htmlNode(
    "div",
    {
      class: "s2s-meter",
      "data-meter": name,
      role: "meter",
      "aria-label": `Level of channel ${name}`,
      "aria-valuemin": METER_FLOOR_DB,
      "aria-valuemax": 0,
      "aria-valuenow": METER_FLOOR_DB,
    },
    htmlNode("span", { class: "s2s-channel", "aria-hidden": "true" }, name),
    htmlNode("span", { class: "s2s-track" }, fill, mark),
    text,
  );
  let peak = METER_FLOOR_DB;
  let peakAt = 0;
  let last = 0;
  return {
    node,
    draw(db, now) {
      if (db >= peak) [peak, peakAt] = [db, now];
      else if (now - peakAt > PEAK_HOLD_MS) {
        peak = Math.max(db, peak - (PEAK_FALL_DB_S * (now - last)) / 1000, METER_FLOOR_DB);
      }
      last = now;
      fill.style.transform = `scaleX(${meterShare(db).toFixed(3)})`;
      mark.style.transform = `translateX(${(100 * meterShare(peak)).toFixed(1)}%)`;
      return peak > METER_FLOOR_DB;
    },
    write(db) {
      putText(text, meterText(db));
      putAttribute(node, "aria-valuenow", Math.round(Math.min(0, Math.max(METER_FLOOR_DB, db))));
      putAttribute(node, "aria-valuetext", meterText(db));
    },
  };
}

/**
 * The levels of the channels, and through `sourceMeters` of the sources and, after them, of the ambience.
 * @param {EventTarget} engine the live engine
 * @param {object} model the widget's model
 * @param {() => {fill: HTMLElement, text: HTMLElement}[]} sourceMeters the bars and numbers in the sources' rows
 * @returns {{node: HTMLElement, draw: (now: number) => boolean}} `draw` returns whether bars are still moving.
 */
export function createMeters(engine, model, sourceMeters) {
  const bars = htmlNode("div", { class: "s2s-meter-bars" });
  const scale = htmlNode(
    "div",
    { class: "s2s-meter-scale", "aria-hidden": "true" },
    ...[-60, -48, -36, -24, -12, 0].map((db) => htmlNode("span", {}, numeral(db))),
  );
  const peak = htmlNode("p", { class: "s2s-peak-text" }, "Peak: silent");
  const node = htmlNode(
    "section",
    { class: "s2s-meters" },
    htmlNode("h3", {}, "Level of the channels (dB)"),
    bars,
    scale,
    peak,
  );
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let meters = [];
  let built = "";
  let written = -Infinity;

  function draw(now) {
    const levels = engine.meters();
    const names = engine.assets?.channel_names[model.get("channel_layout")] ?? [];
    if (names.join() !== built) {
      built = names.join();
      meters = names.map(channelMeter);
      bars.replaceChildren(...meters.map((meter) => meter.node));
      written = -Infinity;
    }
    const write = now - written >= TEXT_EVERY_MS;
    if (calm.matches && !write) return true;
    let moving = false;
    meters.forEach((meter, c) => {
      const db = levels.channels[c] ?? -Infinity;
      moving = meter.draw(db, now) || moving;
      if (write) meter.write(db);
    });
    const each = [...levels.sources, levels.around];
    sourceMeters().forEach(({ fill, text }, k) => {
      const db = each[k] ?? -Infinity;
      fill.style.transform = `scaleX(${meterShare(db).toFixed(3)})`;
      if (write) putText(text, meterText(db));
    });
    if (write) {
      written = now;
      const over = levels.peak_db > 0 ? " \u2014 too loud, clipped: turn the master volume down" : "";
      putText(peak, levels.peak_db > -Infinity ? `Peak: ${numeral(levels.peak_db, 1)} dB${over}` : "Peak: silent");
    }
    return moving;
  }

  return { node, draw };
}

function side(value, positive, negative, none) {
  return value > 0 ? positive : value < 0 ? negative : none;
}

function azimuthText(degrees) {
  const whole = Math.round(degrees);
  if (whole === 0) return "0\u00b0 ahead";
  if (Math.abs(whole) === 180) return "180\u00b0 behind";
  return `${numeral(whole, 0, true)}\u00b0 ${side(whole, "left", "right")}`;
}

function elevationText(degrees) {
  const whole = Math.round(degrees);
  return `${numeral(whole, 0, true)}\u00b0${side(whole, " up", " down", "")}`;
}

function earText(value, unit, digits, ears) {
  if (!Number.isFinite(value)) return "\u2013";
  const size = Math.abs(value).toFixed(digits);
  return Number(size) === 0 ? `0 ${unit}` : `${size} ${unit}, ${side(value, ...ears)}`;
}

function latencyText(latency) {
  const [browser, exact] = [latency?.browser, latency?.exact];
  const parts = [];
  const time = (value) => `${Math.round(value)}\u00a0ms`; // a number and its unit stay in one line
  if (browser) parts.push(`drag to sound: ${time(browser.median)} (95\u00a0% under ${time(browser.p95)})`);
  if (exact) parts.push(`exact: ${time(exact.median)}`);
  return parts.join("; ") || "not measured yet: play, and drag a source";
}

/** An angle in degrees as one in (-180, 180]. */
function wrappedDegrees(degrees) {
  return degrees - 360 * Math.ceil((degrees - 180) / 360);
}

/** What the selected source gives the ears, and how long a move takes to be heard. */
export function createReadout(engine, model) {
  const number = htmlNode("span", { class: "s2s-chip" });
  const label = htmlNode("span", { class: "s2s-label" });
  const names = {};
  const values = {};
  const entry = (key, name) => {
    names[key] = htmlNode("dt", {}, name);
    values[key] = htmlNode("dd", { "data-readout": key });
    return htmlNode("div", {}, names[key], values[key]);
  };
  const seen = entry("seen", "Seen from the turned head");
  const node = htmlNode(
    "section",
    { class: "s2s-readout", "aria-label": "Selected source" },
    htmlNode("h3", {}, number, label),
    htmlNode(
      "dl",
      {},
      entry("azimuth", "Azimuth in the room"),
      entry("itd", ""),
      entry("elevation", "Elevation"),
      entry("ild", ""),
      entry("distance", "Distance"),
      seen,
      entry("latency", "Latency"),
    ),
  );

  function show() {
    const k = model.get("selected");
    node.hidden = !model.get("labels").length;
    if (node.hidden) return;
    putAttribute(node, "style", sourceStyle(model.get("colours")[k]));
    putText(number, String(k + 1));
    putText(label, model.get("labels")[k]);
    const cues = engine.cues(k);
    // Loudspeakers play to no head: the cues are those that a head in the sources' room would get.
    const binaural = model.get("channel_layout") === "binaural";
    putText(names.itd, binaural ? "Time difference (ITD)" : "ITD of a head in the room");
    putText(names.ild, binaural ? "Level difference (ILD)" : "ILD of a head in the room");
    const yaw = model.get("head_yaw_deg");
    seen.hidden = !cues || !binaural || yaw === 0;
    putText(values.seen, seen.hidden ? "" : azimuthText(wrappedDegrees(cues.azimuth_deg - yaw)));
    putText(values.azimuth, cues ? azimuthText(cues.azimuth_deg) : "\u2013");
    putText(values.elevation, cues ? elevationText(cues.elevation_deg) : "\u2013");
    putText(values.distance, cues ? `${cues.distance_m.toFixed(2)} m` : "\u2013");
    putText(values.itd, earText(cues?.itd_ms * 1000, "\u00b5s", 0, ["left first", "right first"]));
    putText(values.ild, earText(cues?.ild_db, "dB", 1, ["left louder", "right louder"]));
    putText(values.latency, latencyText(engine.latency));
  }

  return { node, show };
}
