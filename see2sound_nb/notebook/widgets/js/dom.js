// Small helpers of the view: nodes, writing to them only what has changed, and numbers as people read them.

const SVG_SPACE = "http://www.w3.org/2000/svg";
let controlCount = 0;

function filledNode(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** A new HTML element; `true` is an attribute without a value, `undefined` and `false` none. */
export function htmlNode(tag, attributes = {}, ...children) {
  return filledNode(document.createElement(tag), attributes, children);
}

/** A new SVG element, as `htmlNode`. */
export function svgNode(tag, attributes = {}, ...children) {
  return filledNode(document.createElementNS(SVG_SPACE, tag), attributes, children);
}

/** Write a text, if it is another one: most frames change little. */
export function putText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Write an attribute, if its value is another one. */
export function putAttribute(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

/** Write several attributes, those that have changed. */
export function putAttributes(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) putAttribute(node, name, value);
}

/** Set a trait and send it to the kernel. */
export function saveTrait(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** Set one entry of a list trait. The old list stays as it is: a changed copy is how the model sees a change. */
export function saveEntry(model, name, k, value) {
  saveTrait(model, name, model.get(name).map((old, i) => (i === k ? value : old)));
}

/** A number with a true minus sign, and a plus sign on request. */
export function numeral(value, digits = 0, plus = false) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return value < 0 ? `\u2212${text}` : plus ? `+${text}` : text;
}

/** A level as "+3.0 dB". */
export function decibelText(value, digits = 1) {
  return `${numeral(value, digits, true)} dB`;
}

/** Black or white, whichever is easier to read on a colour "#rrggbb" (contrast ratio of WCAG 2). */
export function inkOn(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => {
    const c = parseInt(colour.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

/** The two style properties that `.s2s-chip` and others of one source use. */
export function sourceStyle(colour) {
  return `--s2s-source: ${colour}; --s2s-on-source: ${inkOn(colour)}`;
}

/**
 * A labelled slider with its value as text.
 * @param {{control: string, label: string, name?: string, min: number, max: number, step: number,
 *   format: (value: number) => string, onInput: (value: number) => void}} options `name` for screen readers where
 *   the label alone says too little.
 * @returns {{node: HTMLElement, input: HTMLInputElement, note: HTMLElement, show: (value: number) => void}}
 */
export function rangeControl({ control, label, name, min, max, step, format, onInput }) {
  const id = `s2s-control-${++controlCount}`;
  const input = htmlNode("input", { type: "range", id, min, max, step, "data-control": control, "aria-label": name });
  const value = htmlNode("span", { class: "s2s-value", "aria-hidden": "true" });
  const note = htmlNode("span", { class: "s2s-note", hidden: true });
  const node = htmlNode("div", { class: "s2s-range" }, htmlNode("label", { for: id }, label), input, value, note);
  let shown;
  input.addEventListener("input", () => onInput(Number(input.value)));
  return {
    node,
    input,
    note,
    show(number) {
      if (number === shown) return;
      shown = number;
      if (number > Number(input.max)) input.max = Math.ceil(number);
      if (number < Number(input.min)) input.min = Math.floor(number);
      // Under the pointer the thumb is the reader's: an echo from the kernel may be older than the last move.
      if (!input.matches(":active")) input.value = number;
      putText(value, format(number));
      putAttribute(input, "aria-valuetext", format(number));
    },
  };
}
