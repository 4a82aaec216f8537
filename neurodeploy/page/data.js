"use strict";
// What the page shows, and how its arrays are read.
const page = JSON.parse(document.getElementById("data").textContent);
const report = page.report;
const recording = page.recording;
const TYPES = { u1: Uint8Array, i1: Int8Array, u2: Uint16Array, i2: Int16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
const arrays = { bytes: null, read: new Map() };

async function inflate() {
  const packed = Uint8Array.from(atob(document.getElementById("arrays").textContent.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  arrays.bytes = new Uint8Array(await new Response(stream).arrayBuffer());
}

// The array behind a reference: its bytes lie plane by plane, the least significant first.
function arrayOf(ref) {
  if (!ref) return null;
  if (arrays.read.has(ref.at)) return arrays.read.get(ref.at);
  const type = TYPES[ref.type], width = type.BYTES_PER_ELEMENT;
  const length = ref.shape.reduce((a, b) => a * b, 1);
  const bytes = new Uint8Array(length * width);
  for (let plane = 0; plane < width; plane++)
    for (let i = 0; i < length; i++) bytes[i * width + plane] = arrays.bytes[ref.at + plane * length + i];
  let values = new type(bytes.buffer);
  if (ref.plus) {
    const base = arrayOf(ref.plus);
    values = Float64Array.from(values, (value, i) => value + base[i]);
  }
  arrays.read.set(ref.at, values);
  return values;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function drawn(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

function words(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
}

// The place of a neuron in its node from its flat index: "(0,3,4)".
function place(flat, shape) {
  const parts = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    parts.unshift(flat % shape[axis]);
    flat = Math.floor(flat / shape[axis]);
  }
  return `(${parts.join(",")})`;
}

function dataTable(heads, rows) {
  const right = heads.map((head) => head.startsWith(">"));
  const head = element("tr", {}, ...heads.map((text, i) => element("th", right[i] ? { class: "r", scope: "col" } : { scope: "col" }, text.replace(/^>/, ""))));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell, i) =>
    element(i === 0 ? "th" : "td", { ...(right[i] ? { class: "r" } : {}), ...(i === 0 ? { scope: "row" } : {}) }, cell))));
  return element("table", { class: "data" }, element("thead", {}, head), element("tbody", {}, ...body));
}

// A share as a bar with its number beside it.
function bar(share, text, kind = "") {
  const inner = element("i", { style: `width:${Math.max(0, Math.min(1, share)) * 100}%` });
  return element("span", {}, element("span", { class: `bar ${kind}`, "aria-hidden": "true" }, inner), text);
}

// What is looked at now: a window of the recording, a node, two rungs, a row of the raster and a step.
const state = { window: 0, node: null, lower: null, upper: null, row: null, step: 0 };
const listeners = [];
function choose(changes) {
  Object.assign(state, changes);
  for (const listener of listeners) listener(changes);
}
const windowNow = () => recording && recording.windows[state.window];
const nodeNow = () => (windowNow() ? windowNow().nodes[state.node] : undefined);
const rungNow = () => report.rungs.find((rung) => rung.from === state.lower && rung.to === state.upper);
