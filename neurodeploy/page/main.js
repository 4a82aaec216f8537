// What the hands do: choosing, zooming, moving, and the cursor.
function zoom(factor, cx = (view.x0 + view.x1) / 2, cy = (view.y0 + view.y1) / 2) {
  const all = { x: Math.max(raster?.steps ?? 1, 1), y: Math.max(raster?.rows ?? 1, 1) };
  for (const [axis, center] of [["x", cx], ["y", cy]]) {
    const low = view[`${axis}0`], high = view[`${axis}1`], least = Math.min(4, all[axis]);
    const span = Math.min(all[axis], Math.max(least, (high - low) * factor));
    const share = (center - low) / (high - low || 1);
    const first = Math.max(0, Math.min(all[axis] - span, center - share * span));
    view[`${axis}0`] = first;
    view[`${axis}1`] = first + span;
  }
  redraw();
}

function move(dx, dy) {
  const all = { x: raster?.steps ?? 1, y: raster?.rows ?? 1 };
  for (const [axis, by] of [["x", dx], ["y", dy]]) {
    const span = view[`${axis}1`] - view[`${axis}0`];
    view[`${axis}0`] = Math.max(0, Math.min(all[axis] - span, view[`${axis}0`] + by));
    view[`${axis}1`] = view[`${axis}0`] + span;
  }
  redraw();
}

// Keep the cursor in view.
function follow() {
  const row = state.row ?? 0;
  if (state.step < view.x0 || state.step + 1 > view.x1) move(state.step - (view.x0 + view.x1) / 2, 0);
  if (row < view.y0 || row + 1 > view.y1) move(0, row - (view.y0 + view.y1) / 2);
}

function tell() {
  const node = nodeNow();
  if (!node || state.row === null) {
    byId("cursor").textContent = "";
    return;
  }
  const at = state.row * windowNow().steps + state.step;
  const value = (rung) => (node.rungs[rung] ? words(arrayOf(node.rungs[rung].output)[at]) : "nothing recorded");
  const early = state.step < arrayOf(node.since)[state.row];
  byId("cursor").textContent = `Step ${windowNow().start + state.step}, neuron ${place(arrayOf(node.neurons)[state.row], node.shape)}: `
    + (early ? "not recorded yet" : `${state.lower} sent ${value(state.lower)}, ${state.upper} sent ${value(state.upper)}`);
}

function redraw() {
  drawRaster();
  drawMembrane();
  tell();
}

function jump(direction) {
  if (!differences.length) return;
  const here = state.step * raster.rows + (state.row ?? -1);
  const order = differences.map(([step, row]) => step * raster.rows + row);
  let next = direction > 0 ? order.findIndex((at) => at > here) : order.findLastIndex((at) => at < here);
  if (next < 0) next = direction > 0 ? 0 : order.length - 1;
  choose({ step: differences[next][0], row: differences[next][1] });
  follow();
}

function pointed(event) {
  const area = byId("raster").getBoundingClientRect();
  const width = area.width - EDGE.left - EDGE.right - 2, height = area.height - EDGE.top - EDGE.bottom - 2;
  return {
    step: view.x0 + ((event.clientX - area.left - EDGE.left) / width) * (view.x1 - view.x0),
    row: view.y0 + ((event.clientY - area.top - EDGE.top) / height) * (view.y1 - view.y0),
    cell: { width: width / (view.x1 - view.x0), height: height / (view.y1 - view.y0) },
  };
}

// A click chooses the nearest cell that differs where one is under the pointer, else the cell itself.
function pick(event) {
  if (!raster) return;
  const at = pointed(event);
  const distance = ([step, row]) => Math.hypot((step + 0.5 - at.step) * at.cell.width, (row + 0.5 - at.row) * at.cell.height);
  const near = differences.reduce((best, cell) => (distance(cell) < (best ? distance(best) : 10) ? cell : best), null);
  const inside = (value, count) => Math.max(0, Math.min(count - 1, Math.floor(value)));
  choose(near ? { step: near[0], row: near[1] } : { step: inside(at.step, raster.steps), row: inside(at.row, raster.rows) });
}

function onKey(event) {
  if (!raster || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = (by) => choose({ step: Math.max(0, Math.min(raster.steps - 1, state.step + by)), row: state.row ?? 0 });
  const row = (by) => choose({ row: Math.max(0, Math.min(raster.rows - 1, (state.row ?? -by) + by)) });
  const keys = {
    ArrowLeft: () => step(-1), ArrowRight: () => step(1), ArrowUp: () => row(-1), ArrowDown: () => row(1),
    "+": () => zoom(0.6), "=": () => zoom(0.6), "-": () => zoom(1 / 0.6), 0: () => (showAll(), redraw()),
    n: () => jump(1), p: () => jump(-1), Enter: () => (choose({ row: state.row ?? 0 }), byId("membrane-section").scrollIntoView({ block: "nearest" })),
  };
  if (!keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
  if (event.key.startsWith("Arrow")) follow();
}

function listen() {
  const canvas = byId("raster");
  let held = null;
  canvas.addEventListener("pointerdown", (event) => { held = { x: event.clientX, y: event.clientY, moved: false }; });
  canvas.addEventListener("pointermove", (event) => {
    if (!held || !raster) return;
    const dx = event.clientX - held.x, dy = event.clientY - held.y;
    if (!held.moved && Math.hypot(dx, dy) < 5) return;
    if (!held.moved) canvas.setPointerCapture(event.pointerId);
    const { cell } = pointed(event);
    held = { x: event.clientX, y: event.clientY, moved: true };
    move(-dx / cell.width, -dy / cell.height);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held && !held.moved) pick(event);
    held = null;
  });
  canvas.addEventListener("pointercancel", () => { held = null; });
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const at = pointed(event);
    zoom(event.deltaY > 0 ? 1.25 : 0.8, at.step, at.row);
  }, { passive: false });
  canvas.addEventListener("keydown", onKey);
  byId("zoom-in").addEventListener("click", () => zoom(0.6));
  byId("zoom-out").addEventListener("click", () => zoom(1 / 0.6));
  byId("zoom-all").addEventListener("click", () => { showAll(); redraw(); });
  byId("next").addEventListener("click", () => jump(1));
  byId("previous").addEventListener("click", () => jump(-1));
  for (const key of ["node", "lower", "upper", "window"])
    byId(key).addEventListener("change", (event) => choose({ [key]: key === "window" ? Number(event.target.value) : event.target.value, row: key === "node" ? null : state.row }));
  window.addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
}

function fillControls() {
  const fill = (id, items, chosen) => byId(id).replaceChildren(...items.map(([value, text]) => {
    const option = element("option", { value }, text);
    option.selected = String(value) === String(chosen);
    return option;
  }));
  const now = windowNow();
  fill("node", Object.keys(now?.nodes ?? {}).map((name) => [name, name]), state.node);
  const rungs = (page.rungs ?? []).map((name) => [name, name]);
  fill("lower", rungs, state.lower);
  fill("upper", rungs, state.upper);
  const windows = recording?.windows ?? [];
  fill("window", windows.map((w, i) => [i, `sample ${w.sample}, steps ${w.start} to ${w.start + w.steps - 1}`]), state.window);
  byId("window-label").hidden = windows.length < 2;
}

listeners.push((changes) => {
  const opened = ["window", "node", "lower", "upper"].some((key) => key in changes);
  const rows = nodeNow() ? arrayOf(nodeNow().since).length : 0;
  if (state.row !== null && state.row >= rows) state.row = null;
  if (windowNow()) state.step = Math.max(0, Math.min(state.step, windowNow().steps - 1));
  if (opened) {
    const whole = "window" in changes || "node" in changes || !raster;
    openRaster();
    if (whole) showAll();
    fillControls();
    drawLadder();
    drawGraph();
  }
  redraw();
});

async function begin() {
  drawCoverage();
  drawRanges();
  if (recording) await inflate();
  listen();
  const nodes = Object.keys(recording?.windows[0]?.nodes ?? {});
  const rung = report.rungs.find((r) => r.verdict === "diverged") ?? report.rungs.at(-1);
  choose({ node: nodes[0] ?? null, lower: rung?.from ?? null, upper: rung?.to ?? null });
  if (rung) openRung(rung);
  if (state.row !== null) follow();
  document.documentElement.dataset.ready = "yes";
}

begin().catch((error) => {
  byId("raster-words").textContent = `The pictures cannot be drawn here: ${error.message}`;
  throw error;
});
