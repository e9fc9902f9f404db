// The controls: one row for each source, and those of the room.
import {
  decibelText, htmlNode, numeral, putAttribute, putText, rangeControl, saveEntry, saveTrait, sourceStyle,
} from "./dom.js";

const LAYOUT_NAMES = {
  binaural: "Binaural (headphones)",
  stereo: "Stereo (loudspeakers)",
  "5.1": "5.1 (six loudspeakers)",
};
const WORD_WITHIN_MS = 60_000; // models are large: until the first step, or from one to the next, it may take long
const LEVEL_RANGE = { min: -40, max: 12, step: 0.5 }; // dB, as the traits levels_db and gain_db allow
const AROUND_COLOUR = "#9aa5b1"; // a grey, which no source has
const AMBIENCE_RANGE = { min: -60, max: 0, step: 0.5 }; // dB, as the trait ambience_level_db allows

/** A button that is pressed or not. */
function toggle(control, letter, name, onClick) {
  const node = htmlNode(
    "button",
    { type: "button", class: "s2s-button s2s-toggle", "data-control": control, "aria-label": name, title: name },
    letter,
  );
  node.addEventListener("click", onClick);
  return node;
}

/** A button that is pressed or not, as an entry of the list trait says. */
function sourceToggle(model, trait, k, control, letter, name) {
  const node = toggle(control, letter, name, () => saveEntry(model, trait, k, !model.get(trait)[k]));
  return { node, show: () => putAttribute(node, "aria-pressed", Boolean(model.get(trait)[k])) };
}

/** Whether the kernel is known not to answer: no word of the end of what it was asked will come. */
export function kernelIsGone(engine) {
  return engine.notes.has("connection") || engine.notes.has("silent");
}

/** The prompt of a source and the request for a new sound. */
function soundMaker(engine, model, k, label) {
  const prompt = htmlNode("input", {
    type: "text",
    class: "s2s-input",
    "data-control": "prompt",
    "aria-label": `Prompt of source ${k + 1}, ${label}`,
  });
  const button = htmlNode("button", { type: "button", class: "s2s-button", "data-control": "generate" }, "New sound");
  const bar = htmlNode("progress", { "aria-label": `New sound of source ${k + 1}`, max: 1, value: 0 });
  const step = htmlNode("span", {});
  const progress = htmlNode("div", { class: "s2s-progress", hidden: true }, bar, step);
  const node = htmlNode(
    "details",
    { class: "s2s-maker" },
    htmlNode("summary", {}, "Make another sound"),
    htmlNode("div", { class: "s2s-prompt" }, prompt, button),
    progress,
  );
  let shown;
  let patience;

  function busy(on) {
    clearTimeout(patience);
    button.disabled = on;
    progress.hidden = !on;
    if (!on) return;
    patience = setTimeout(() => {
      putText(step, "no word from the kernel yet");
      button.disabled = false;
    }, WORD_WITHIN_MS);
  }

  function request() {
    if (button.disabled) return;
    bar.removeAttribute("value"); // no share is known yet
    putText(step, "asked for");
    busy(true);
    engine.generate(k, prompt.value);
    if (kernelIsGone(engine)) busy(false);
  }

  button.addEventListener("click", request);
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.isComposing) request();
  });
  return {
    node,
    busy,
    show() {
      const text = model.get("prompts")[k] ?? "";
      if (text === shown) return; // what is being typed stays, whatever else changes
      shown = text;
      prompt.value = text;
    },
    progress({ done, total, text }) {
      node.open = true;
      bar.max = total;
      bar.value = done;
      putText(step, text);
      busy(done < total);
    },
  };
}

/** The row of one source. */
function sourceRow(engine, model, k, select) {
  const label = model.get("labels")[k];
  const name = `source ${k + 1}, ${label}`;
  const prompted = htmlNode("span", { class: "s2s-prompted" });
  const pick = htmlNode(
    "button",
    { type: "button", class: "s2s-button s2s-pick", "data-control": "select", "aria-label": `Select ${name}` },
    htmlNode("span", { class: "s2s-chip" }, String(k + 1)),
    htmlNode("span", { class: "s2s-label" }, label),
    prompted,
  );
  pick.addEventListener("click", () => select(k));
  const mute = sourceToggle(model, "muted", k, "mute", "M", `Mute ${name}`);
  const solo = sourceToggle(model, "soloed", k, "solo", "S", `Solo ${name}`);
  const level = rangeControl({
    control: "level",
    label: "Level",
    name: `Level of ${name}`,
    ...LEVEL_RANGE,
    format: decibelText,
    onInput: (value) => saveEntry(model, "levels_db", k, value),
  });
  const meter = levelBar();
  const maker = soundMaker(engine, model, k, label);
  const node = htmlNode(
    "li",
    { class: "s2s-source", "data-source": k, style: sourceStyle(model.get("colours")[k]) },
    htmlNode("div", { class: "s2s-source-line" }, pick, mute.node, solo.node, level.node),
    meter.node,
    maker.node,
  );
  return {
    node,
    meter,
    maker,
    show() {
      const selected = model.get("selected") === k;
      node.classList.toggle("s2s-selected", selected);
      putAttribute(pick, "aria-pressed", selected);
      const prompt = model.get("prompts")[k] ?? "";
      putText(prompted, prompt && `\u00b7 \u201c${prompt}\u201d`);
      putAttribute(pick, "title", prompt);
      mute.show();
      solo.show();
      level.show(model.get("levels_db")[k]);
      maker.show();
    },
  };
}

/** A bar and a number beside a name: what `createMeters` draws. */
function levelBar() {
  const fill = htmlNode("span", { class: "s2s-fill" });
  const text = htmlNode("span", { class: "s2s-value" }, "silent");
  const track = htmlNode("span", { class: "s2s-track" }, fill);
  return { node: htmlNode("div", { class: "s2s-source-meter", "aria-hidden": "true" }, track, text), fill, text };
}

/** The row of what is heard all around. */
function ambienceRow(model) {
  const label = model.get("ambience");
  const mute = toggle("ambience-mute", "M", `Mute the ambience, ${label}`, () =>
    saveTrait(model, "ambience_muted", !model.get("ambience_muted")),
  );
  const level = rangeControl({
    control: "ambience-level",
    label: "Level",
    name: `Level of the ambience, ${label}, relative to the sources together`,
    ...AMBIENCE_RANGE,
    format: decibelText,
    onInput: (value) => saveTrait(model, "ambience_level_db", value),
  });
  const meter = levelBar();
  const name = htmlNode("span", { class: "s2s-label s2s-around" }, `All around: ${label}`);
  const line = htmlNode("div", { class: "s2s-source-line" }, name, mute, level.node);
  return {
    node: htmlNode(
      "div",
      { class: "s2s-source", "data-ambience": "", style: sourceStyle(AROUND_COLOUR) },
      line,
      meter.node,
    ),
    meter,
    show() {
      putAttribute(mute, "aria-pressed", model.get("ambience_muted"));
      level.show(model.get("ambience_level_db"));
    },
  };
}

/**
 * The list of sources, and below it what is heard all around.
 * @returns {{node: HTMLElement, meters: {fill: HTMLElement, text: HTMLElement}[], show: () => void,
 *   progress: (detail: object) => void, release: () => void}} `meters` are the bars and numbers of the sources, then of
 *   the ambience; `release` frees the buttons when the kernel is gone.
 */
export function createSourceList(engine, model, select) {
  const list = htmlNode("ol", { class: "s2s-source-list" });
  const none = htmlNode("p", { class: "s2s-note" }, model.get("duration_s") ? "Nothing in this shot is a source." : "No thing in the photo is a source.");
  const ambience = htmlNode("div", { class: "s2s-ambience" });
  const node = htmlNode("section", { class: "s2s-sources" }, htmlNode("h3", {}, "Sources"), list, none, ambience);
  const view = { node, meters: [] };
  let rows = [];
  let around = null;
  let built = "";
  view.show = () => {
    const names = JSON.stringify([model.get("labels"), model.get("colours"), model.get("ambience")]);
    if (names !== built) {
      built = names;
      rows = model.get("labels").map((_, k) => sourceRow(engine, model, k, select));
      list.replaceChildren(...rows.map((row) => row.node));
      around = model.get("ambience") ? ambienceRow(model) : null;
      ambience.replaceChildren(...(around ? [around.node] : []));
      view.meters = [...rows, around].filter(Boolean).map((row) => row.meter);
    }
    rows.forEach((row, k) => {
      row.node.hidden = !engine.isPresent(k);
      row.show();
    });
    none.hidden = rows.some((row) => !row.node.hidden);
    around?.show();
  };
  view.progress = (detail) => rows[detail.source]?.maker.progress(detail);
  view.release = () => rows.forEach((row) => row.maker.busy(false));
  return view;
}

function inMetres(value) {
  return `${value.toFixed(1)} m`;
}

function turnInWords(degrees) {
  const size = `${numeral(Math.abs(degrees))}\u00b0`;
  return Math.round(degrees) === 0 ? size : `${size} ${degrees > 0 ? "left" : "right"}`;
}

/** Why "5.1" cannot be chosen here, or "" if it can. */
function whyNoSurround(engine) {
  if (engine.sound.canPlay("5.1")) return "";
  if (!engine.sound.maxChannels) return "needs six output channels; how many the sound output here has is known after Play";
  return `needs six output channels; the sound output here has\u00a0${engine.sound.maxChannels}`;
}

/** The controls of the room and of the whole mix. */
export function createRoomControls(engine, model) {
  const trait = (control) => (value) => saveTrait(model, control, value);
  const side = (axis) => (value) =>
    engine.assets && engine.resize(model.get("room_size").map((old, i) => (i === axis ? value : old)));
  const metres = { min: 2, step: 0.1, format: inMetres };
  const sliders = {
    width: rangeControl({ control: "width", label: "Width", max: 20, ...metres, onInput: side(0) }),
    depth: rangeControl({ control: "depth", label: "Depth", max: 20, ...metres, onInput: side(1) }),
    height: rangeControl({ control: "height", label: "Height", max: 10, ...metres, onInput: side(2) }),
    absorption: rangeControl({
      control: "absorption",
      label: "Absorption",
      min: 0,
      max: 1,
      step: 0.01,
      format: (value) => `${Math.round(100 * value)} %`,
      onInput: trait("absorption"),
    }),
    max_order: rangeControl({
      control: "max_order",
      label: "Reflection order",
      min: 0,
      max: 30,
      step: 1,
      format: String,
      onInput: trait("max_order"),
    }),
    head_yaw_deg: rangeControl({
      control: "head_yaw_deg",
      label: "Head rotation",
      min: -180,
      max: 180,
      step: 1,
      format: turnInWords,
      onInput: trait("head_yaw_deg"),
    }),
    gain_db: rangeControl({
      control: "gain_db",
      label: "Master volume",
      ...LEVEL_RANGE,
      format: decibelText,
      onInput: trait("gain_db"),
    }),
  };
  sliders.head_yaw_deg.input.dir = "rtl"; // positive is to the left, so the thumb goes where the head turns
  const options = Object.entries(LAYOUT_NAMES).map(([value, text]) => htmlNode("option", { value }, text));
  const hooks = { class: "s2s-input", "data-control": "layout", "aria-label": "Layout" };
  const layout = htmlNode("select", hooks, ...options);
  layout.addEventListener("change", () => saveTrait(model, "channel_layout", layout.value));
  const reason = htmlNode("span", { class: "s2s-note" });
  const node = htmlNode(
    "section",
    { class: "s2s-room" },
    htmlNode("h3", {}, "Room and mix"),
    ...["absorption", "max_order", "width", "depth", "height"].map((name) => sliders[name].node),
    htmlNode("label", { class: "s2s-range" }, "Layout", layout, reason),
    ...["head_yaw_deg", "gain_db"].map((name) => sliders[name].node),
  );

  function show() {
    const walls = [model.get("absorption")].flat();
    sliders.absorption.show(walls.reduce((sum, a) => sum + a, 0) / walls.length);
    sliders.absorption.note.hidden = walls.length === 1;
    putText(sliders.absorption.note, "the mean of six walls; moving it makes them equal");
    ["width", "depth", "height"].forEach((name, axis) => sliders[name].show(model.get("room_size")[axis]));
    putAttribute(sliders.max_order.input, "max", engine.assets?.order_limit ?? 30);
    sliders.max_order.show(model.get("max_order"));
    sliders.head_yaw_deg.show(model.get("head_yaw_deg"));
    sliders.gain_db.show(model.get("gain_db"));
    const chosen = model.get("channel_layout");
    const why = whyNoSurround(engine);
    const surround = options.at(-1);
    surround.disabled = why !== "";
    surround.title = why;
    const said = chosen === "5.1" && engine.status.text.includes("5.1"); // in the status line, with what comes of it
    putText(reason, why && !said ? `5.1 ${why}.` : "");
    if (layout.value !== chosen) layout.value = chosen;
    const yaw = sliders.head_yaw_deg;
    yaw.input.disabled = chosen !== "binaural";
    yaw.node.title = yaw.input.disabled ? "Only the binaural layout has a head that turns." : "";
    yaw.input.title = yaw.node.title;
  }

  return { node, show };
}
