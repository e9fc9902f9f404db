/** The choices of a question: buttons that answer at once, or boxes to tick with a button below. */
import { htmlNode } from "./dom.js";

/**
 * @param {object} question
 * @param {{names: Map<string, string>, pictures: object, urls: Map<string, string>}} shown what a value stands for, if it
 *   is a sound or a picture
 * @param {(value: string | string[]) => void} answer
 * @returns {Node[]}
 */
export function choicesOf(question, shown, answer) {
  return question.kind === "several" ? ticksOf(question, answer) : buttonsOf(question, shown, answer);
}

function buttonsOf(question, { names, sounds, pictures, urls }, answer) {
  let { choices } = question;
  if (choices.some(([value]) => names.has(value))) {
    choices = [...choices].sort(([a], [b]) => sounds.indexOf(a) - sounds.indexOf(b)); // A before B
  }
  const buttons = choices.map(([value, text]) => {
    const content =
      value in pictures ? htmlNode("img", { src: urls.get(value), alt: pictures[value] }) : text || names.get(value) || value;
    const kind = value in pictures ? "s2s-choice s2s-picture" : "s2s-choice";
    const node = htmlNode("button", { type: "button", class: `s2s-button ${kind}`, "data-value": value }, content);
    node.addEventListener("click", () => answer(value));
    return node;
  });
  if (question.kind !== "grade") return buttons;
  return [
    htmlNode("div", { class: "s2s-grades" }, ...buttons),
    htmlNode("div", { class: "s2s-ends", "aria-hidden": "true" }, htmlNode("span", {}, "not at all"), htmlNode("span", {}, "very")),
  ];
}

function ticksOf(question, answer) {
  const boxes = question.choices.map(([value]) => htmlNode("input", { type: "checkbox", value }));
  const done = htmlNode("button", { type: "button", class: "s2s-button s2s-main", "data-control": "next", disabled: true }, "Next");
  const ticked = () => boxes.filter((box) => box.checked).map((box) => box.value);
  for (const box of boxes) box.addEventListener("change", () => (done.disabled = !ticked().length));
  done.addEventListener("click", () => answer(ticked()));
  const labels = question.choices.map(([, text], k) => htmlNode("label", { class: "s2s-tick" }, boxes[k], htmlNode("span", {}, text)));
  return [htmlNode("div", { class: "s2s-ticks" }, ...labels), done];
}
