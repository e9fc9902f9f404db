/** The study as a page of its own: everything is in it, and answers go back to where it came from, if it was served. */
import { ServerLine } from "./study_lines.js";
import { StudyView } from "./study_view.js";

export async function startStudyPage() {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const media = new Map(
    Object.entries(read("media")).map(([key, text]) => [key, Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]),
  );
  const served = document.documentElement.dataset.answers === "server";
  const view = await StudyView.open(read("plan"), media, served ? new ServerLine() : null);
  document.getElementById("study").append(view.root);
  return view;
}
