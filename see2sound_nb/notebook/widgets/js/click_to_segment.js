/** A photo to click on: the kernel answers every click with the region under it, and this side shows it. */
import { showAlive } from "./alive.js";
import { drawClick, drawCross, drawnMask } from "./click_drawing.js";
import { htmlNode, putText, sourceStyle } from "./dom.js";
import { arraysOf } from "./messages.js";

const KERNEL_PATIENCE_MS = 4000;
const CLICK_RADIUS_PX = 7; // on the page
let clickViewCount = 0;

/** One view of the widget. The kernel holds the regions; every message from it says how all of them stand. */
class ClickView {
  constructor(model, el) {
    this.model = model;
    this.name = `${Date.now().toString(36)}-${++clickViewCount}`;
    this.sequence = 0; // of the last request; answers to earlier ones are not drawn
    this.asText = false;
    this.state = null;
    this.size = null;
    this.bits = new Map(); // a mask's number to its bits, and to its pictures by colour
    this.pictures = new Map();
    this.cross = null; // the crosshair, in pixels of the photo
    this.moving = false; // an arrow key showed the crosshair; the mouse hides it
    this.build(el);
    this.receive = this.receive.bind(this);
    model.on("msg:custom", this.receive);
    this.ask({ kind: "start" });
  }

  build(el) {
    const hint = `s2s-hint-${this.name}`;
    this.image = htmlNode("img", { alt: "", draggable: "false" });
    this.canvas = htmlNode("canvas");
    this.chips = htmlNode("div", { class: "s2s-chips", "aria-hidden": "true" });
    this.photo = htmlNode(
      "div",
      {
        class: "s2s-photo", "data-photo": true, tabindex: "0", role: "application", "aria-label": "Photo to click on",
        "aria-describedby": hint, "data-lm-suppress-shortcuts": "true", // or JupyterLab takes Shift+Enter for itself
      },
      this.image, this.canvas, this.chips,
    );
    this.status = htmlNode("p", { class: "s2s-status", "data-status": true, role: "status", "aria-live": "polite" }, "Waiting for the photo.");
    this.place = htmlNode("span", { class: "s2s-place", "aria-live": "polite" });
    this.bar = htmlNode("progress", { max: "1", "aria-label": "Progress", hidden: true });
    this.progressText = htmlNode("span", { hidden: true });
    this.list = htmlNode("ol", { class: "s2s-regions", "aria-label": "Kept regions" });
    const button = (control, text, kind = "") => {
      const node = htmlNode("button", { type: "button", class: `s2s-button ${kind}`, "data-control": control }, text);
      node.addEventListener("click", () => this.ask({ kind: control, version: this.state?.version ?? 0 }));
      return node;
    };
    this.buttons = [button("keep", "Keep region"), button("clear", "Start again"), button("make", "Make sources", "s2s-main")];
    this.root = htmlNode(
      "div",
      { class: "s2s-click-to-segment", "data-ready": "false" },
      this.photo,
      htmlNode("div", { class: "s2s-bar" }, ...this.buttons, htmlNode("span", { class: "s2s-progress" }, this.progressText, this.bar)),
      this.status,
      this.list,
      htmlNode(
        "p",
        { class: "s2s-hint", id: hint },
        "Click on a thing; with Shift, click outside of the region to add, inside to take away. With the keyboard: the arrow keys move a crosshair (with Shift ten times as far), Enter clicks. ",
        this.place,
      ),
    );
    this.photo.addEventListener("click", (event) => this.clicked(event));
    this.photo.addEventListener("keydown", (event) => this.pressed(event));
    this.photo.addEventListener("blur", () => this.showCross(false));
    this.image.addEventListener("load", () => this.draw());
    el.append(this.root);
  }

  ask(content) {
    if (this.state?.busy && !["start", "masks"].includes(content.kind)) {
      this.say("The kernel is at work; wait until it is done.", "warning");
      return;
    }
    this.sequence += 1;
    clearTimeout(this.patience);
    this.patience = setTimeout(() => this.say("The kernel does not answer yet: it is busy, or gone.", "warning"), KERNEL_PATIENCE_MS);
    try {
      this.model.send({ ...content, sequence: this.sequence, view: this.name, as_text: this.asText });
    } catch (error) {
      this.say(`The connection to the kernel is lost (${error.message}).`, "error");
    }
  }

  clicked(event) {
    if (!this.size) return;
    this.showCross(false);
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const x = Math.floor(((event.clientX - left) / width) * this.size[0]);
    const y = Math.floor(((event.clientY - top) / height) * this.size[1]);
    this.cross = [x, y];
    this.ask({ kind: "click", x, y, extend: event.shiftKey });
  }

  pressed(event) {
    if (!this.size || event.altKey || event.ctrlKey || event.metaKey) return;
    const [width, height] = this.size;
    const step = Math.max(1, Math.round(Math.max(width, height) / 200)) * (event.shiftKey ? 10 : 1);
    const direction = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!direction && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const [x, y] = this.cross ?? [Math.floor(width / 2), Math.floor(height / 2)];
    if (direction) {
      const inside = (value, side) => Math.min(side - 1, Math.max(0, value));
      this.cross = [inside(x + step * direction[0], width), inside(y + step * direction[1], height)];
      this.showCross(true);
    } else {
      this.cross = [x, y];
      this.showCross(true);
      this.ask({ kind: "click", x, y, extend: event.shiftKey });
    }
  }

  showCross(shown) {
    if (shown) putText(this.place, `Crosshair at x ${this.cross[0]}, y ${this.cross[1]}.`);
    else putText(this.place, "");
    if (shown || this.moving) {
      this.moving = shown;
      this.draw();
    }
  }

  receive(content, buffers) {
    const arrays = arraysOf(content, buffers);
    if (content.kind === "progress") this.progress(content);
    if (arrays === null) {
      this.asText = true; // this front end loses binary data: from now on it comes as text
      if (content.kind === "photo") this.ask({ kind: "start" });
    } else if (content.kind === "photo") {
      this.showPhoto(content, arrays[0]);
    } else {
      (content.numbers ?? []).forEach((number, k) => this.bits.set(number, arrays[k]));
    }
    if (content.kind === "state") this.follow(content);
    else if (content.kind === "masks") this.showRegions();
  }

  follow(state) {
    if (state.version <= (this.state?.version ?? 0)) return;
    const late = state.view === this.name && state.sequence < this.sequence;
    // What is late is not drawn, but its version counts: a button is pressed in view of what is newest.
    this.state = late && this.state ? { ...this.state, version: state.version, busy: state.busy } : state;
    if (late) return;
    clearTimeout(this.patience);
    this.say(state.status.text, state.status.kind);
    for (const button of this.buttons) button.disabled = state.busy;
    if (!state.busy) this.bar.hidden = this.progressText.hidden = true;
    this.showList();
    this.showRegions();
  }

  /** Draw what is here, ask for what is not, forget what is gone. */
  showRegions() {
    const shown = this.shown().map(({ number }) => number);
    for (const known of [this.bits, this.pictures]) {
      for (const number of known.keys()) if (!shown.includes(number)) known.delete(number);
    }
    const missing = shown.filter((number) => !this.bits.has(number));
    if (missing.length) this.model.send({ kind: "masks", numbers: missing, as_text: this.asText });
    this.draw();
  }

  shown() {
    return [...this.state.kept, ...(this.state.region ? [this.state.region] : [])];
  }

  say(text, kind) {
    putText(this.status, text);
    this.status.dataset.kind = kind;
  }

  progress({ text, share }) {
    this.bar.hidden = this.progressText.hidden = false;
    this.bar.value = share;
    putText(this.progressText, `${text}: ${Math.round(100 * share)} %`);
  }

  showPhoto({ size }, bytes) {
    if (this.size) return; // another view of this widget asked for it
    this.size = size;
    [this.canvas.width, this.canvas.height] = size;
    this.photo.style.setProperty("--s2s-shape", size[0] / size[1]);
    this.photo.style.aspectRatio = `${size[0]} / ${size[1]}`;
    this.address = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    this.image.src = this.address;
    this.photo.setAttribute("aria-label", `Photo to click on, ${size[0]} by ${size[1]} pixels`);
  }

  showList() {
    const rows = this.state.kept.map(({ colour, share, quality }, k) => {
      const remove = htmlNode("button", { type: "button", class: "s2s-button", "data-control": "remove", "aria-label": `Remove region ${k + 1}` }, "Remove");
      remove.disabled = this.state.busy;
      remove.addEventListener("click", () => this.ask({ kind: "remove", region: k }));
      const percent = (100 * share).toFixed(share < 0.01 ? 1 : 0);
      const text = htmlNode("span", { class: "s2s-text" }, `${percent} % of the photo; SAM's own guess of its fit: ${quality.toFixed(2)}`);
      return htmlNode("li", { "data-region": k, style: sourceStyle(colour) }, htmlNode("span", { class: "s2s-chip" }, String(k + 1)), text, remove);
    });
    this.list.replaceChildren(...rows);
    this.list.hidden = !rows.length;
  }

  picture({ number, colour }, inWork) {
    const known = this.pictures.get(number) ?? new Map();
    this.pictures.set(number, known);
    const key = `${colour} ${inWork}`;
    if (!known.has(key)) known.set(key, drawnMask(this.bits.get(number), this.size, colour, inWork));
    return known.get(key);
  }

  draw() {
    if (!this.size || !this.state) return;
    const context = this.canvas.getContext("2d");
    context.clearRect(0, 0, ...this.size);
    for (const region of this.shown()) {
      if (this.bits.has(region.number)) context.drawImage(this.picture(region, region === this.state.region), 0, 0);
    }
    const unit = (CLICK_RADIUS_PX * this.size[0]) / (this.canvas.clientWidth || this.size[0]);
    if (this.state.region) for (const click of this.state.clicks) drawClick(context, click, unit);
    if (this.moving) drawCross(context, this.cross, this.size, unit);
    const percent = (value, side) => `${((100 * (value + 0.5)) / side).toFixed(2)}%`;
    const chips = this.state.kept.map(({ colour, label_px: [x, y] }, k) => {
      const chip = htmlNode("span", { class: "s2s-chip", style: sourceStyle(colour) }, String(k + 1));
      chip.style.left = percent(x, this.size[0]);
      chip.style.top = percent(y, this.size[1]);
      return chip;
    });
    this.chips.replaceChildren(...chips);
    this.root.dataset.ready = String(this.image.complete && this.image.naturalWidth > 0);
  }

  remove() {
    clearTimeout(this.patience);
    this.model.off("msg:custom", this.receive);
    if (this.address) URL.revokeObjectURL(this.address);
    this.root.remove();
  }
}

export default {
  render({ model, el }) {
    return showAlive({ model, el }, () => {
      const view = new ClickView(model, el);
      return () => view.remove();
    });
  },
};
