// The ladder, coverage and ranges.
const SYMBOLS = { agree: "✓", diverged: "✗", inconclusive: "?", "same code": "=" };
const TONES = { agree: "good", diverged: "bad", inconclusive: "warning", "same code": "warning" };

function drawLadder() {
  const items = report.rungs.map((rung) => {
    const chosen = rung.from === state.lower && rung.to === state.upper;
    const verdict = element("span", { class: TONES[rung.verdict] ?? "" }, `${SYMBOLS[rung.verdict] ?? ""} ${page.verdicts[report.rungs.indexOf(rung)]}`);
    const button = element("button", { "aria-pressed": String(chosen) }, element("b", {}, `${rung.from} → ${rung.to}`), verdict);
    const first = rung.first_divergence;
    if (first) button.append(element("small", {}, element("br"), `first: ${first.node}, step ${first.step}, sample ${first.sample}`));
    button.addEventListener("click", () => openRung(rung));
    return element("li", {}, button);
  });
  byId("ladder").replaceChildren(...items);
}

// Show a rung, at its first divergence where that was recorded.
function openRung(rung) {
  const first = rung.first_divergence, changes = { lower: rung.from, upper: rung.to, row: null };
  const seen = first && recording ? recording.windows.findIndex((w) => w.sample === first.sample && w.start <= first.step && first.step < w.start + w.steps && w.nodes[first.node]) : -1;
  if (seen >= 0) {
    Object.assign(changes, { window: seen, node: first.node, step: first.step - recording.windows[seen].start });
    const shape = recording.windows[seen].nodes[first.node].shape;
    const flat = first.neuron.reduce((sum, index, axis) => sum * shape[axis] + index, 0);
    const row = arrayOf(recording.windows[seen].nodes[first.node].neurons).indexOf(flat);
    if (row >= 0) changes.row = row;
  }
  choose(changes);
}

function drawCoverage() {
  const nodes = Object.keys(report.coverage);
  const names = [...new Set(nodes.flatMap((node) => Object.keys(report.coverage[node])))];
  const least = ["neurons_fired", "synapses_active"]; // the other shares are rates: a small one is no lack
  const cell = (name, value) => (typeof value !== "number" ? "" : bar(value, `${(100 * value).toFixed(value > 0 && value < 0.001 ? 3 : 1)} %`, least.includes(name) && value < 0.5 ? "low" : ""));
  const rows = nodes.map((node) => [node, ...names.map((name) => cell(name, report.coverage[node][name]))]);
  byId("coverage").replaceChildren(nodes.length ? dataTable(["node", ...names.map((name) => name.replaceAll("_", " "))], rows) : "Nothing was recorded.");
  const missing = Object.entries(report.not_covered ?? {}).map(([node, items]) => element("li", {}, element("b", {}, node), `: ${items.join("; ")}`));
  byId("uncovered").replaceChildren(...missing);
}

function drawRanges() {
  const nodes = report.proof ? Object.entries(report.proof.nodes) : [];
  const names = [...new Set(nodes.flatMap(([, node]) => Object.keys(node).filter((key) => node[key] && node[key].bound)))];
  const share = ({ bound, limits }) => (bound.includes(null) ? null : Math.max(limits[0] < 0 ? bound[0] / limits[0] : 0, limits[1] > 0 ? bound[1] / limits[1] : 0, 0));
  const cell = (claim) => {
    if (!claim) return "";
    const part = share(claim), text = `${claim.bound.map((end) => end ?? "∞").join("..")} of ${claim.limits.join("..")}`;
    return part === null ? `no bound: ${text}` : bar(part, `${(100 * part).toPrecision(3)} %: ${text}`, part > 1 ? "over" : "");
  };
  const rows = nodes.map(([name, node]) => [name, node.verdict, ...names.map((quantity) => cell(node[quantity]))]);
  byId("ranges").replaceChildren(rows.length ? dataTable(["node", "no width is left", ...names], rows) : "Nothing was proved.");
}
