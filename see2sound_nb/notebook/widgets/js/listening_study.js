/** The study as a widget: the kernel sends it, and keeps the answers. */
import { showAlive } from "./alive.js";
import { htmlNode, putText } from "./dom.js";
import { arraysOf } from "./messages.js";
import { ModelLine } from "./study_lines.js";
import { StudyView } from "./study_view.js";

const START_PATIENCE_MS = 5000;

/** Show the study in `el`; gives what takes it away. */
function showStudy(model, el) {
  const waiting = htmlNode("p", { class: "s2s-study s2s-waiting", role: "status" }, "Waiting for the study.");
  el.append(waiting);
  let view = null;
  let closed = false;
  const receive = async (content, buffers) => {
    if (content.kind !== "study" || view) return;
    const arrays = arraysOf(content, buffers);
    if (arrays === null) {
      model.send({ kind: "start", as_text: true }); // this front end loses binary data
      return;
    }
    const media = new Map(content.names.map((name, k) => [name, arrays[k]]));
    const opening = StudyView.open(content.study, media, new ModelLine(model));
    view = await (view = opening);
    if (closed) view.close();
    else waiting.replaceWith(view.root);
  };
  model.on("msg:custom", receive);
  model.send({ kind: "start", as_text: false });
  const late = setTimeout(
    () => putText(waiting, "The kernel does not answer: it is busy, or gone. If it was restarted, run the cell again."),
    START_PATIENCE_MS,
  );
  return () => {
    clearTimeout(late);
    model.off("msg:custom", receive);
    closed = true;
    view?.close?.();
  };
}

export default {
  render({ model, el }) {
    return showAlive({ model, el }, () => showStudy(model, el));
  },
};
