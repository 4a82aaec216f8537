// The network as a graph: from left to right, nodes colored by what the chosen rung says of them.
const MARKS = { equal: "✓", within: "≈", differs: "✗", inherited: "↳", silent: "∅" };
const MEANING = {
  equal: "equal", within: "differs within the budget", differs: "differs", inherited: "differs only by what it received",
  silent: "never fires", none: "not compared",
};

function layersOf(graph) {
  const forward = graph.edges.filter((edge) => !edge[2]);
  const depth = Object.fromEntries(graph.nodes.map((node) => [node.name, 0]));
  for (const node of graph.nodes) // in topological order
    for (const [from, to] of forward) if (from === node.name) depth[to] = Math.max(depth[to], depth[from] + 1);
  const layers = [];
  for (const node of graph.nodes) (layers[depth[node.name]] ??= []).push(node);
  return layers;
}

function placed(graph) {
  const places = new Map();
  let x = 12;
  for (const layer of layersOf(graph)) {
    const width = Math.max(...layer.map((node) => Math.max(node.name.length * 7.4 + 34, node.words.length * 6.2 + 20, 64)));
    const center = (node) => {
      const from = graph.edges.filter((edge) => edge[1] === node.name && !edge[2] && places.has(edge[0])).map((edge) => places.get(edge[0]).row);
      return from.length ? from.reduce((a, b) => a + b, 0) / from.length : 0;
    };
    const sorted = layer.map((node) => [center(node), node]).sort((a, b) => a[0] - b[0]);
    let row = -1;
    for (const [wanted, node] of sorted) {
      row = Math.max(row + 1, Math.round(wanted));
      places.set(node.name, { x, y: 14 + row * 64, width, row, node });
    }
    x += width + 34;
  }
  return places;
}

function edgePath(a, b, back) {
  if (back) {
    const low = Math.max(a.y, b.y) + 62;
    return `M${a.x + a.width / 2} ${a.y + 44}C${a.x + a.width / 2} ${low} ${b.x + b.width / 2} ${low} ${b.x + b.width / 2} ${b.y + 44}`;
  }
  const x0 = a.x + a.width, y0 = a.y + 22, y1 = b.y + 22, middle = (x0 + b.x) / 2;
  return `M${x0} ${y0}C${middle} ${y0} ${middle} ${y1} ${b.x - 4} ${y1}`;
}

function box(at, kind) {
  const { node } = at, open = Boolean(windowNow() && windowNow().nodes[node.name]);
  const label = `${node.name}, ${node.words}: ${MEANING[kind]}`;
  const attributes = { class: `box ${kind}${node.name === state.node ? " chosen" : ""}`, transform: `translate(${at.x} ${at.y})` };
  if (open) Object.assign(attributes, { role: "button", tabindex: "0", "aria-label": label, "aria-pressed": String(node.name === state.node) });
  const made = drawn("g", attributes, drawn("title", {}, label), drawn("rect", { width: at.width, height: 44, rx: 7 }),
    drawn("text", { x: 10, y: 19 }, node.name), drawn("text", { x: 10, y: 35, class: "small" }, node.words));
  if (MARKS[kind]) made.append(drawn("text", { x: at.width - 18, y: 19, class: "mark", "font-weight": 700 }, MARKS[kind]));
  const pick = () => choose({ node: node.name, row: null });
  if (open) {
    made.addEventListener("click", pick);
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      pick();
      byId("graph").querySelector(".chosen")?.focus();
    });
  }
  return made;
}

function drawGraph() {
  const graph = page.graph, rung = rungNow();
  if (!graph) {
    byId("graph").replaceChildren();
    byId("graph-legend").textContent = "This report does not hold the network's graph.";
    return;
  }
  const kinds = rung ? page.states[report.rungs.indexOf(rung)] : {};
  const places = placed(graph), all = [...places.values()];
  const width = Math.max(...all.map((p) => p.x + p.width)) + 12, height = Math.max(...all.map((p) => p.y)) + 84;
  const arrow = drawn("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 6, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    drawn("path", { d: "M0 0 8 4 0 8z", style: "fill:var(--muted)" }));
  const edges = graph.edges.map(([from, to, back]) =>
    drawn("path", { class: back ? "edge back" : "edge", d: edgePath(places.get(from), places.get(to), back), "marker-end": "url(#arrow)" }));
  const boxes = all.map((at) => box(at, kinds[at.node.name] ?? "none"));
  byId("graph").replaceChildren(drawn("svg", { width, height, role: "group", "aria-label": `graph of ${plural(all.length, "node")}` },
    drawn("defs", {}, arrow), ...edges, ...boxes));
  const chosen = places.get(state.node), area = byId("graph");
  if (chosen && (chosen.x < area.scrollLeft || chosen.x + chosen.width > area.scrollLeft + area.clientWidth))
    area.scrollLeft = chosen.x + chosen.width / 2 - area.clientWidth / 2;
  const used = [...new Set(Object.values(kinds))];
  const between = rung ? `${rung.from} → ${rung.to}: ` : "";
  byId("graph-legend").textContent = between + used.map((kind) => `${MARKS[kind]} ${MEANING[kind]}`).join(", ")
    + (used.length ? ". Choose a node to see its spikes." : "Choose a rung of the ladder.");
}
