// The clip's picture with a dot on each source, and below it what plays, pauses and seeks it.
import { htmlNode, putAttribute, putText, rangeControl, sourceStyle, svgNode } from "./dom.js";

const PAUSE_ICON = "M3 2h4v12H3zM9 2h4v12H9z";
const PLAY_ICON = "M3 1.5 14 8 3 14.5z";
const FRAMES_OF_KEYS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 };

function seconds(value) {
  return `${value.toFixed(2)} s`;
}

/** A dot for a source, which selects it. */
function sourceDot(model, k, select) {
  const label = model.get("labels")[k];
  const node = htmlNode(
    "button",
    {
      type: "button",
      class: "s2s-dot",
      "data-dot": k,
      style: sourceStyle(model.get("colours")[k]),
      "aria-label": `Source ${k + 1}, ${label}`,
      title: label,
      hidden: true,
    },
    htmlNode("span", { class: "s2s-chip" }, String(k + 1)),
    htmlNode("span", { class: "s2s-name" }, label),
  );
  node.addEventListener("click", () => select(k));
  return node;
}

/**
 * The picture of a clip; until the film is there, and where it cannot be shown, its first frame.
 * @param {EventTarget} engine the live engine
 * @param {object} model the widget's model
 * @param {(k: number) => void} select makes source k the selected one
 * @returns {{node: HTMLElement, show: () => void, follow: () => void, stop: () => void}} `follow` draws what changes
 *   from frame to frame
 */
export function createClipPicture(engine, model, select) {
  const still = htmlNode("img", { alt: "", draggable: "false" });
  const dots = htmlNode("div", { class: "s2s-dots" });
  const frame = htmlNode("div", { class: "s2s-photo" }, still, dots);
  const why = htmlNode("p", { class: "s2s-no-picture", role: "status", hidden: true });
  const icon = svgNode("path", {});
  const word = htmlNode("span", {});
  const button = htmlNode(
    "button",
    { type: "button", class: "s2s-button s2s-run", "data-control": "picture", title: "The picture alone; the sound goes on" },
    svgNode("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, icon),
    word,
  );
  button.addEventListener("click", () => (engine.clip.running ? engine.clip.pause() : engine.clip.play()));
  const time = rangeControl({
    control: "time",
    label: "Time",
    name: "Time in the clip",
    min: 0,
    max: model.get("duration_s"),
    step: 0.01,
    format: seconds,
    onInput: (value) => engine.clip?.seek(value),
  });
  time.input.addEventListener("keydown", (event) => {
    const frames = FRAMES_OF_KEYS[event.key];
    if (!frames || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    engine.clip?.step(frames);
  });
  const shot = htmlNode("span", { class: "s2s-note" });
  const transport = htmlNode("div", { class: "s2s-transport" }, button, time.node, shot);
  const node = htmlNode("section", { class: "s2s-picture s2s-clip", "aria-label": "Clip" }, frame, why, transport);
  let address = "";
  let built = "";

  function build({ photo, photo_size: [width, height] }) {
    const names = model.get("labels");
    if (!address) address = URL.createObjectURL(photo);
    still.src = address;
    still.alt = `The clip with ${names.length || "no"} source${names.length === 1 ? "" : "s"}: ${names.join(", ")}`;
    frame.style.aspectRatio = `${width} / ${height}`;
    frame.style.setProperty("--s2s-shape", width / height);
    dots.replaceChildren(...names.map((_, k) => sourceDot(model, k, select)));
  }

  function follow() {
    const { clip } = engine;
    if (!clip) return;
    time.show(clip.time);
    const { timeline } = clip;
    [...dots.children].forEach((dot, k) => {
      const place = timeline.dot(k, clip.frame);
      dot.hidden = place === null;
      if (place) dot.style.transform = `translate(${place.map((share, i) => `${(100 * share).toFixed(2)}cq${"wh"[i]}`)})`;
    });
    const count = timeline.shots.length;
    putText(shot, count > 1 ? `Shot ${clip.shot + 1} of ${count}` : "");
  }

  return {
    node,
    follow,
    show() {
      const { clip, assets } = engine;
      button.disabled = time.input.disabled = !clip;
      const names = JSON.stringify([model.get("labels"), model.get("colours")]);
      if (clip && names !== built) {
        built = names;
        build(assets);
      }
      const video = clip?.clock.video;
      if (video && !video.isConnected) still.after(video); // of several views the newest shows it, while it is there
      why.hidden = !clip?.whyNoPicture;
      putText(why, clip?.whyNoPicture ?? "");
      putText(word, clip?.running ? "Pause picture" : "Run picture");
      putAttribute(icon, "d", clip?.running ? PAUSE_ICON : PLAY_ICON);
      [...dots.children].forEach((dot, k) => putAttribute(dot, "aria-pressed", model.get("selected") === k));
      follow();
    },
    stop() {
      const video = engine.clip?.clock.video;
      if (video && frame.contains(video)) video.remove();
      URL.revokeObjectURL(address);
      engine.dispatchEvent(new Event("status")); // another view takes the film
    },
  };
}
