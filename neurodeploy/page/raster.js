// Spikes of one node on two rungs, one over the other; cells that differ are drawn large at every zoom.
const EDGE = { left: 86, right: 8, top: 44, bottom: 22 };
const view = { x0: 0, x1: 1, y0: 0, y1: 1 };
let differences = []; // [step, row, kind] of the kept neurons, by step
let raster = null; // what is drawn: {node, rows, steps, low, high, since}

function openRaster() {
  const node = nodeNow(), steps = windowNow()?.steps ?? 0;
  raster = null;
  differences = [];
  if (!node) return;
  const low = arrayOf(node.rungs[state.lower]?.output), high = arrayOf(node.rungs[state.upper]?.output);
  const since = arrayOf(node.since), rows = since.length;
  raster = { node, rows, steps, low, high, since };
  const exact = report.rungs.some((rung) => rung.to === state.upper && rung.policy !== "budget" && rung.policy !== "ties");
  if (!low || !high || (node.graded && !exact)) return;
  for (let step = 0; step < steps; step++)
    for (let row = 0; row < rows; row++) {
      const a = low[row * steps + step], b = high[row * steps + step];
      if (step >= since[row] && a !== b) differences.push([step, row, !b ? "expected" : !a ? "actual" : "other"]);
    }
}

function showAll() {
  Object.assign(view, { x0: 0, x1: Math.max(raster?.steps ?? 1, 1), y0: 0, y1: Math.max(raster?.rows ?? 1, 1) });
}

function describe() {
  const node = nodeNow(), rung = rungNow();
  if (!recording) return "This report holds no recording: make it with check.";
  if (!node) return "Choose a node.";
  const { sample, start, steps } = windowNow(), total = node.shape.reduce((a, b) => a * b, 1), rows = raster.rows;
  const kept = rows === total ? `all ${plural(total, "neuron")}` : `${rows.toLocaleString("en")} of ${plural(total, "neuron")}: half evenly spaced, the others because they differ`;
  const per = node.rungs[state.upper]?.differing, before = recording.before[state.upper] === state.lower;
  const all = per && before ? arrayOf(per).reduce((a, b) => a + b, 0) : null;
  const missing = [state.lower, state.upper].filter((name) => !node.rungs[name]);
  const result = rung?.nodes?.[state.node];
  return `${state.node} (${node.shape.join("×")}), sample ${sample}, steps ${start} to ${start + steps - 1}; shown are ${kept}. `
    + (missing.length ? `Not recorded on: ${missing.join(", ")}.` : `${plural(differences.length, "shown cell")} ${differences.length === 1 ? "differs" : "differ"}`
      + (all === null ? "." : `, of ${all.toLocaleString("en")} among all its neurons in these steps.`))
    + (result ? ` In the whole check: ${plural(result.mismatches, "cell")} of ${result.cells.toLocaleString("en")}.` : "");
}

function drawRaster() {
  const canvas = byId("raster"), text = describe();
  byId("raster-words").textContent = text;
  canvas.setAttribute("aria-label", `Raster of spikes, ${state.lower} and ${state.upper}. ${text}`);
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.clearRect(0, 0, width, height);
  if (!raster) return;
  const inner = { width: width - EDGE.left - EDGE.right, height: height - EDGE.top - EDGE.bottom };
  const cell = { width: inner.width / (view.x1 - view.x0), height: inner.height / (view.y1 - view.y0) };
  const x = (step) => EDGE.left + (step - view.x0) * cell.width, y = (row) => EDGE.top + (row - view.y0) * cell.height;
  drawStrip(pen, x, cell, width);
  pen.save();
  pen.beginPath();
  pen.rect(EDGE.left, EDGE.top, inner.width, inner.height);
  pen.clip();
  drawCells(pen, x, y, cell);
  drawDifferences(pen, x, y, cell);
  pen.strokeStyle = color("ink");
  pen.lineWidth = 1;
  pen.strokeRect(x(state.step), EDGE.top, Math.max(cell.width, 2), inner.height);
  if (state.row !== null) pen.strokeRect(EDGE.left, y(state.row), inner.width, Math.max(cell.height, 2));
  pen.restore();
  drawAxes(pen, x, y, width, height);
}

// Above: how many of all neurons of the node differ, step by step.
function drawStrip(pen, x, cell, width) {
  const record = raster.node.rungs[state.upper], related = recording.before[state.upper] === state.lower;
  const counts = record && record.differing && related ? arrayOf(record.differing) : null;
  pen.fillStyle = color("muted");
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "right";
  const most = counts ? counts.reduce((a, b) => Math.max(a, b), 0) : 0;
  pen.fillText("differing", EDGE.left - 6, 16);
  pen.fillText(counts ? (most ? `of all ≤ ${most}` : "none of all") : "not counted", EDGE.left - 6, 30);
  pen.strokeStyle = color("line");
  pen.strokeRect(EDGE.left, 4, width - EDGE.left - EDGE.right, 32);
  if (!most) return;
  pen.fillStyle = color("bad");
  for (let step = Math.max(0, Math.floor(view.x0)); step < Math.min(raster.steps, view.x1); step++)
    if (counts[step]) pen.fillRect(x(step), 36 - Math.max(3, (30 * counts[step]) / most), Math.max(cell.width * 0.8, 2), Math.max(3, (30 * counts[step]) / most));
}

function drawCells(pen, x, y, cell) {
  const { low, high, steps, rows, since } = raster;
  const size = { width: Math.max(cell.width * 0.8, 1.4), height: Math.max(cell.height * 0.8, 1.4) };
  pen.fillStyle = color("both");
  const last = Math.min(steps, Math.ceil(view.x1));
  for (let row = Math.max(0, Math.floor(view.y0)); row < Math.min(rows, view.y1); row++)
    for (let step = Math.max(since[row], Math.floor(view.x0)); step < last; step++) {
      const at = row * steps + step;
      if ((low && low[at]) && (high && high[at])) pen.fillRect(x(step) + cell.width * 0.1, y(row) + cell.height * 0.1, size.width, size.height);
    }
}

function drawDifferences(pen, x, y, cell) {
  const least = differences.length > 3000 ? 3 : 7, size = Math.max(least, Math.min(cell.width, cell.height, 22)) / 2;
  for (const kind of ["other", "actual", "expected"]) {
    pen.fillStyle = color(kind);
    pen.beginPath();
    for (const [step, row, sort] of differences) {
      if (sort !== kind || step < view.x0 - 1 || step > view.x1 || row < view.y0 - 1 || row > view.y1) continue;
      const cx = x(step + 0.5), cy = y(row + 0.5), up = kind === "actual" ? -size : size;
      pen.moveTo(cx, cy - up);
      pen.lineTo(cx + size, kind === "other" ? cy : cy + up);
      if (kind === "other") pen.lineTo(cx, cy + size);
      pen.lineTo(cx - size, kind === "other" ? cy : cy + up);
      pen.closePath();
    }
    pen.fill();
  }
}

function drawAxes(pen, x, y, width, height) {
  pen.strokeStyle = color("line");
  pen.strokeRect(EDGE.left, EDGE.top, width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom);
  pen.fillStyle = color("muted");
  pen.font = "11px system-ui, sans-serif";
  pen.textAlign = "center";
  const start = windowNow().start, span = view.x1 - view.x0, every = Math.max(1, Math.ceil(span / (width / 90)));
  for (let step = Math.ceil(view.x0 / every) * every; step < view.x1; step += every) pen.fillText(String(start + step), Math.min(x(step + 0.5), width - 18), height - 7);
  pen.textAlign = "right";
  const rows = view.y1 - view.y0, apart = Math.max(1, Math.ceil(rows / 14)), neurons = arrayOf(raster.node.neurons);
  for (let row = Math.ceil(view.y0 / apart) * apart; row < Math.min(view.y1, raster.rows); row += apart)
    pen.fillText(place(neurons[row], raster.node.shape), EDGE.left - 6, Math.max(EDGE.top + 9, y(row + 0.5) + 4));
}
