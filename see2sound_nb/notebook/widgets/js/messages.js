/** Binary arrays from the kernel: as buffers, or where a front end loses those, as text. */

/** The bytes that came with a message; null if they were lost on the way. */
export function arraysOf(content, buffers) {
  const wanted = content.arrays ?? [];
  if (content.as_text) return wanted.map(({ text }) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)));
  if ((buffers?.length ?? 0) < wanted.length) return null;
  return wanted.map((_, k) => {
    const view = buffers[k];
    const bytes = view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    return bytes.slice(); // a typed array may not begin at an odd offset
  });
}

export function floats(bytes) {
  return new Float32Array(bytes.buffer);
}

/** (rows, columns) float32 as one array for each row. */
export function rowsOf(bytes, rows) {
  const all = floats(bytes);
  const columns = all.length / rows;
  return Array.from({ length: rows }, (_, row) => all.slice(row * columns, (row + 1) * columns));
}

/** What a front end cannot do, in a sentence; "" where all works. */
export function hostNote() {
  if (globalThis.google?.colab) {
    return "Colab shows this widget in a frame of its own: press play here, and expect the exact response later than on your own machine.";
  }
  if (globalThis.location?.protocol === "vscode-webview:") {
    return "VS Code plays sound here only after a click into this widget, and in two channels at most.";
  }
  return "";
}
