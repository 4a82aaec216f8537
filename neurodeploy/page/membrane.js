// The membrane of one neuron on two rungs, and what it did on every rung in one step.
const CHART = { height: 260, left: 86, right: 14, top: 40, bottom: 26 };

// Membrane of a row in the unit of the network, step by step; null where the rung records none.
function membraneOf(node, rung, row) {
  const record = node.rungs[rung];
  if (!record || !record.membrane) return null;
  const steps = windowNow().steps, values = arrayOf(record.membrane), unit = arrayOf(record.unit)[row];
  return Array.from({ length: steps }, (_, step) => values[row * steps + step] / unit);
}

function line(values, from, to, x, y) {
  let path = "";
  for (let step = from; step < to; step++) path += `${path ? "L" : "M"}${x(step).toFixed(1)} ${y(values[step]).toFixed(1)}`;
  return path;
}

function ticks(node, rung, row, from, to, x, top, kind) {
  const steps = windowNow().steps, sent = node.rungs[rung] && arrayOf(node.rungs[rung].output), made = [];
  for (let step = from; sent && step < to; step++)
    if (sent[row * steps + step]) made.push(drawn("line", { class: `tick-${kind}`, x1: x(step), x2: x(step), y1: top, y2: top + 12 }));
  return made;
}

function drawMembrane() {
  const node = nodeNow(), row = state.row;
  byId("membrane").replaceChildren();
  byId("values").replaceChildren();
  if (!node || row === null) {
    byId("membrane-words").textContent = recording ? "Choose a neuron in the picture above." : "Nothing was recorded.";
    return;
  }
  const { start, steps, sample } = windowNow(), since = arrayOf(node.since)[row];
  const name = `${state.node} ${place(arrayOf(node.neurons)[row], node.shape)}`;
  const pair = { expected: membraneOf(node, state.lower, row), actual: membraneOf(node, state.upper, row) };
  const shown = { expected: state.lower, actual: state.upper };
  const from = Math.max(since, Math.floor(view.x0)), to = Math.min(steps, Math.ceil(view.x1));
  const without = Object.keys(pair).filter((side) => !pair[side]).map((side) => shown[side]);
  const threshold = node.threshold ? arrayOf(node.threshold)[row] : null;
  const drawnValues = Object.values(pair).flatMap((values) => (values ? values.slice(from, to) : [])).concat(threshold ?? []).filter(Number.isFinite);
  const said = `Neuron ${name}, sample ${sample}, steps ${start + from} to ${start + to - 1}, after the reset, in the unit of the network`;
  byId("membrane-words").textContent = said
    + (threshold === null ? "." : `; threshold ${words(threshold)} (dashed).`)
    + (without.length ? ` Not recorded by: ${without.join(", ")}.` : "")
    + (since ? ` Recorded from step ${start + since} on, where it first differed.` : "");
  drawValues(node, row);
  if (drawnValues.length < 2) return;
  let low = Math.min(...drawnValues), high = Math.max(...drawnValues);
  if (low === high) [low, high] = [low - 1, high + 1];
  const { height, left, right, top, bottom } = CHART, width = Math.max(byId("membrane").clientWidth, 280);
  const x = (step) => left + ((step + 0.5 - from) / Math.max(to - from, 1)) * (width - left - right);
  const y = (value) => (Number.isFinite(value) ? height - bottom - ((value - low) / (high - low)) * (height - top - bottom) : height - bottom);
  const svg = drawn("svg", { width, height, role: "img", "aria-label": `${said}: ${shown.expected} and ${shown.actual}` },
    drawn("rect", { class: "frame", x: left, y: top, width: width - left - right, height: height - top - bottom }));
  for (const value of [low, (low + high) / 2, high]) svg.append(drawn("text", { x: left - 6, y: y(value) + 4, "text-anchor": "end" }, words(Number(value.toPrecision(4)))));
  for (const step of [from, Math.floor((from + to) / 2), to - 1]) svg.append(drawn("text", { x: x(step), y: height - 8, "text-anchor": "middle" }, String(start + step)));
  if (threshold !== null) svg.append(drawn("line", { class: "threshold", x1: left, x2: width - right, y1: y(threshold), y2: y(threshold) }));
  for (const [side, level] of [["expected", 6], ["actual", 21]]) {
    if (pair[side]) svg.append(drawn("path", { class: side, d: line(pair[side], from, to, x, y) }));
    svg.append(drawn("text", { x: left - 6, y: level + 10, "text-anchor": "end" }, shown[side] ?? ""), ...ticks(node, shown[side], row, from, to, x, level, side));
  }
  svg.append(drawn("line", { class: "cursor", x1: x(state.step), x2: x(state.step), y1: 4, y2: height - bottom }));
  byId("membrane").replaceChildren(svg);
}

// What the neuron did on every rung in the step of the cursor.
function drawValues(node, row) {
  const { start, steps } = windowNow(), at = row * steps + state.step;
  if (state.step < arrayOf(node.since)[row]) return;
  const rows = Object.entries(node.rungs).map(([rung, record]) => {
    const membrane = record.membrane ? arrayOf(record.membrane)[at] : null;
    const own = membrane === null ? "not recorded" : words(membrane);
    return [rung, words(arrayOf(record.output)[at]), own, membrane === null ? "" : words(membrane / arrayOf(record.unit)[row])];
  });
  byId("values").replaceChildren(element("p", {}, `In step ${start + state.step}:`),
    dataTable(["rung", ">sent", ">membrane, its own numbers", ">membrane, unit of the network"], rows));
}
