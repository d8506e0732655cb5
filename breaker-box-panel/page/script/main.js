// Which view is shown, and when it is drawn.

const view = { name: "", pending: false, content: -1, askedAt: 0 };

function route() {
  const [path, query] = location.hash.replace(/^#/, "").split(/\?(.*)/s);
  const parameters = new URLSearchParams(query ?? "");
  const name = path === "/circuit" ? "circuit" : path === "/timeline" ? "timeline" : "circuits";
  const changed = name !== view.name;
  view.name = name;
  if (name === "circuit") openCircuit(parameters);
  else {
    closeCircuit();
    readFilter(parameters);
  }
  document.body.dataset.view = name;
  setHidden(byId("view-list"), name === "circuit");
  setHidden(byId("view-circuit"), name !== "circuit");
  for (const tab of ["circuits", "timeline"]) setAttribute(byId(`tab-${tab}`), "aria-current", tab === name ? "page" : null);
  draw();
  if (changed || name === "circuit") {
    if (view.started) scrollTo(0, view.name === "circuits" ? view.scroll ?? 0 : 0);
    if (name === "circuit") page.parts.title.focus({ preventScroll: true });
    else if (view.started) restoreFocus();
  }
  view.started = true;
}

/** Returns the focus to the row of the circuit whose page was left. */
function restoreFocus() {
  const circuit = view.left && model.byKey.get(view.left);
  view.left = null;
  if (view.name === "circuits" && circuit && list.shown[circuit.index] === circuit) focusRow(circuit.index);
}

/**
 * Draws with the next frame, however often it is called. A hidden tab has no frames, only a title
 * and an icon.
 */
function refresh() {
  if (document.hidden) {
    showConnection();
    showSummary();
    return;
  }
  if (view.pending) return;
  view.pending = true;
  requestAnimationFrame(draw);
}

function draw() {
  view.pending = false;
  showConnection();
  showFleet();
  showSummary();
  if (view.name === "circuit") {
    drawCircuit();
    if (view.content !== model.content) askDetails();
  } else {
    drawFilters();
    drawList();
    drawTimeline();
    showCount();
  }
  if (view.content !== model.content) announce();
  view.content = model.content;
}

function showSummary() {
  const counts = countStates();
  const down = counts.open + counts.forced_open;
  const all = model.circuits.size;
  const title = visible(model.settings.title);
  setText(byId("title"), title);
  let sentence = "Connecting…";
  if (model.known) {
    if (!all) sentence = "No circuits yet";
    else if (down) sentence = `${wholeNumber.format(down)} of ${plural(all, "circuit", "circuits")} ${down === 1 ? "is" : "are"} open`;
    else if (counts.half_open) sentence = `${plural(counts.half_open, "circuit is", "circuits are")} half-open`;
    else if (counts.ramping_up) sentence = `${plural(counts.ramping_up, "circuit is", "circuits are")} ramping up`;
    else if (counts.closed === all) sentence = all === 1 ? "The circuit is closed" : `All ${wholeNumber.format(all)} circuits are closed`;
    else sentence = "No circuit is open";
  }
  setText(byId("summary"), sentence);
  setText(byId("lede"), lede(counts, down));
  setAttribute(byId("summary"), "data-tone", down ? "open" : counts.half_open ? "half-open" : counts.ramping_up ? "ramping-up" : "closed");
  const name = page.key ? `${visible(page.key.identifier)} · ${title}` : title;
  const mark = isStale() ? "(?) " : down ? `(${down}) ` : "";
  if (document.title !== mark + name) document.title = mark + name;
  showIcon(isStale() ? "%23888" : down ? "%23d33" : counts.half_open ? "%23d90" : "%232a5");
}

/** A sentence about the circuit that opened most recently. */
function lede(counts, down) {
  if (!model.known || !down) return "";
  arrangeNewest();
  const newest = view.newest;
  if (!newest) return "";
  const [since, why] = newest.outage ?? [null, null];
  const when = since ? ` ${ago(now() - since)}` : "";
  return `${visible(newest.key.identifier)} opened most recently${when && `,${when}`}${why ? `: ${because(...why)}` : ""}`;
}

function arrangeNewest() {
  if (view.newestOrder === model.order) return;
  view.newestOrder = model.order;
  view.newest = null;
  for (const circuit of model.circuits.values()) {
    const isDown = circuit.state === "open" || circuit.state === "forced_open";
    if (isDown && (!view.newest || (circuit.outage?.[0] ?? 0) > (view.newest.outage?.[0] ?? 0))) view.newest = circuit;
  }
}

function showIcon(colour) {
  if (view.icon === colour) return;
  view.icon = colour;
  byId("icon").href = `data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='${colour}'/%3E%3C/svg%3E`;
}

function showCount() {
  const [shown, all] = [list.shown.length, model.circuits.size];
  let text = isFiltered() ? `${wholeNumber.format(shown)} of ${plural(all, "circuit", "circuits")}` : plural(all, "circuit", "circuits");
  if (model.total > all) text += `, out of ${wholeNumber.format(model.total)} in the registry`;
  setText(byId("count"), model.known && all ? text : "");
  const empty = byId("empty");
  setHidden(byId("filters"), model.known && !all && !isFiltered());
  setHidden(empty, !model.known || shown > 0);
  setHidden(byId("table"), model.known && shown === 0);
  if (!shown && model.known) {
    setText(empty, all ? "No circuit passes the filter." : "A circuit appears here when it is registered, or with the first call of its annotated function.");
  }
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || dialog.element.open) return;
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape") {
    if (view.name === "circuit") location.hash = `#/${filterAddress()}`;
    else if (typing) event.target.blur();
  } else if (typing) {
    if (event.key === "ArrowDown" && event.target.id === "filter-name") focusRow(0);
    else return;
  } else if (event.key === "/" && view.name !== "circuit") byId("filter-name").focus();
  else if (view.name !== "circuits") return;
  else if (event.target.closest(".side")) return;
  else if (event.key === "ArrowDown" || event.key === "j") moveFocus(1);
  else if (event.key === "ArrowUp" || event.key === "k") moveFocus(-1);
  else if (event.key === "Home" && event.target.closest(".row")) focusRow(0);
  else if (event.key === "End" && event.target.closest(".row")) focusRow(list.shown.length - 1);
  else return;
  event.preventDefault();
}

startFilters();
startControls();
if (matchMedia("(hover: none)").matches) byId("filter-name").placeholder = "Filter by name";
byId("json").href = address("api/v1/circuits");
byId("schema").href = address("api/v1/schema.json");
byId("skip").addEventListener("click", (event) => {
  event.preventDefault();
  byId("main").focus();
});
byId("rows").addEventListener("click", (event) => {
  const circuit = event.target.closest(".row")?.circuit;
  if (circuit && !event.target.closest("a") && !getSelection().toString()) location.hash = circuitAddress(circuit.key);
});
addEventListener("hashchange", (event) => {
  if (view.name === "circuit") view.left = page.text;
  route();
});
addEventListener("scroll", () => {
  if (view.name === "circuits") {
    view.scroll = scrollY;
    refresh();
  }
}, { passive: true });
addEventListener("resize", () => {
  measure();
  refresh();
});
addEventListener("keydown", pressed);
addEventListener("visibilitychange", () => {
  view.pending = false;
  refresh();
});
// Durations on screen grow even without messages.
setInterval(refresh, 1000);
measure();
route();
connect();
