/** A widget lives where a kernel stands behind its model; elsewhere the page does that Python left beside it. */
import { htmlNode } from "./dom.js";

/** Whether a kernel stands behind the model: not where it was made of a state that the notebook's file holds. */
async function hasKernel(model) {
  try {
    return (await model.widget_manager.get_model(model.get("_page_id"))).comm_live !== false;
  } catch {
    return true; // a host of another kind, which would not be here without a kernel
  }
}

/** Hides the page that stands beside the widget, now or later: Python sends it behind the widget. */
function hidingStyle(id) {
  const page = `[data-s2s-page="${id}"]`;
  const nothing = "{ display: none !important }";
  return htmlNode("style", {}, `${page} ${nothing}\n.jp-OutputArea-child:has(${page}) ${nothing}`);
}

/**
 * Show a widget if it lives; if not, a sentence, which stands alone where the notebook has no page.
 * @param {object} model the widget's model (anywidget)
 * @param {HTMLElement} el where to
 * @param {() => (() => void)} build shows the widget in `el`, and gives what takes it away
 * @returns {Promise<() => void>} takes all away
 */
export async function showAlive({ model, el }, build) {
  if (!(await hasKernel(model))) {
    const sentence = htmlNode("p", { class: "s2s-no-kernel" }, "This widget needs a running kernel: run its cell.");
    el.append(sentence);
    return () => sentence.remove();
  }
  const style = hidingStyle(model.get("_page_id"));
  document.head.append(style);
  el.classList.add("s2s-alive");
  const clear = build();
  return () => {
    clear();
    style.remove();
    el.classList.remove("s2s-alive");
  };
}
