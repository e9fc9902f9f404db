/** What is drawn over a photo to click on: regions, clicks, and the crosshair, all in pixels of the photo. */
import { htmlNode } from "./dom.js";

const REGION_TINT = 0.45; // opacity of a region's colour over the photo

/** A mask as a picture in one colour: tinted inside, `edge` pixels of outline; the region in work is outlined in white. */
export function drawnMask(bits, [width, height], colour, inWork) {
  const canvas = htmlNode("canvas", { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  const inside = new Uint8Array(width * height);
  for (let i = 0; i < inside.length; i += 1) inside[i] = (bits[i >> 3] >> (7 - (i & 7))) & 1;
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const packed = (red, green, blue, alpha) => ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  const fill = packed(r, g, b, Math.round(255 * REGION_TINT));
  const line = inWork ? packed(255, 255, 255, 255) : packed(r, g, b, 255);
  const edge = Math.max(1, Math.round(Math.max(width, height) / 350));
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      if (!inside[i]) continue;
      const border =
        (x >= edge && !inside[i - edge]) || (x < width - edge && !inside[i + edge]) ||
        (y >= edge && !inside[i - edge * width]) || (y < height - edge && !inside[i + edge * width]);
      pixels[i] = border ? line : fill;
    }
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

/** A click as a disc with a plus or a minus. */
export function drawClick(context, [x, y, positive], unit) {
  const bars = positive ? [[-0.6, -0.15, 1.2, 0.3], [-0.15, -0.6, 0.3, 1.2]] : [[-0.6, -0.15, 1.2, 0.3]];
  context.beginPath();
  context.arc(x + 0.5, y + 0.5, unit, 0, 2 * Math.PI);
  context.fillStyle = positive ? "#ffffff" : "#000000";
  context.fill();
  context.strokeStyle = positive ? "#000000" : "#ffffff";
  context.lineWidth = 0.25 * unit;
  context.stroke();
  context.fillStyle = context.strokeStyle;
  for (const [left, top, wide, high] of bars) context.fillRect(x + 0.5 + left * unit, y + 0.5 + top * unit, wide * unit, high * unit);
}

/** Lines through the whole photo, white on black: they stand out from any ground. */
export function drawCross(context, [x, y], [width, height], unit) {
  for (const [colour, wide] of [["#000000", 0.6], ["#ffffff", 0.25]]) {
    context.beginPath();
    context.moveTo(x + 0.5, 0);
    context.lineTo(x + 0.5, height);
    context.moveTo(0, y + 0.5);
    context.lineTo(width, y + 0.5);
    context.strokeStyle = colour;
    context.lineWidth = wide * unit;
    context.stroke();
  }
}
