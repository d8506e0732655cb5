// The list of circuits. Only the rows on screen exist, so 5,000 circuits cost no more than twenty.

const OVERSCAN = 6;
const list = { shown: [], order: -1, filter: "", rows: new Map(), height: 0, pending: false };

/** Filters and sorts the circuits, only if the result can have changed. */
function arrange() {
  const wanted = filterText();
  if (list.order === model.order && list.filter === wanted) return;
  list.order = model.order;
  list.filter = wanted;
  const circuits = [...model.circuits.values()].filter(passes);
  for (const circuit of circuits) circuit.rank = rank(circuit);
  list.shown = circuits.sort(compare);
  list.shown.forEach((circuit, index) => (circuit.index = index));
}

function measure() {
  const height = parseFloat(getComputedStyle(byId("table")).getPropertyValue("--row"));
  if (height !== list.height) {
    list.height = height;
    for (const row of list.rows.values()) row.index = -1;
  }
}

function drawList() {
  arrange();
  const rows = byId("rows");
  const { shown, height } = list;
  const wanted = `${shown.length * height}px`;
  if (rows.style.height !== wanted) rows.style.height = wanted;
  setAttribute(byId("table"), "aria-rowcount", String(shown.length + 1));
  const top = -rows.getBoundingClientRect().top;
  const first = Math.max(0, Math.floor(top / height) - OVERSCAN);
  const last = Math.min(shown.length, Math.ceil((top + innerHeight) / height) + OVERSCAN);
  const visibleNow = shown.slice(first, Math.max(first, last));
  // A row with the focus keeps it, even out of sight.
  const focused = document.activeElement?.closest?.(".row")?.circuit;
  if (focused && shown[focused.index] === focused && !visibleNow.includes(focused)) {
    if (focused.index < first) visibleNow.unshift(focused);
    else visibleNow.push(focused);
  }
  const ids = new Set(visibleNow.map((circuit) => circuit.id));
  const spare = [];
  for (const [id, row] of list.rows) {
    if (!ids.has(id)) {
      spare.push(row);
      list.rows.delete(id);
    }
  }
  let before = null;
  for (const circuit of visibleNow) {
    let row = list.rows.get(circuit.id);
    if (!row) {
      row = spare.pop() ?? makeRow();
      list.rows.set(circuit.id, row);
      bind(row, circuit);
    }
    if (row.circuit !== circuit) bind(row, circuit);
    drawRow(row);
    // In the order on screen, for screen readers.
    const next = before ? before.nextSibling : rows.firstChild;
    if (row.element !== next) rows.insertBefore(row.element, next);
    before = row.element;
  }
  for (const row of spare) row.element.remove();
}

function makeRow() {
  const cell = (className, ...children) => make("div", { role: "cell", class: className }, ...children);
  const link = make("a", { class: "name" });
  const place = make("span", { class: "place" });
  const badge = make("span", { class: "badge" });
  const lead = make("span", { class: "line lead" });
  const why = make("span", { class: "line muted" });
  const failedAt = make("span", { class: "line muted" });
  const failedWhy = make("bdi", { class: "line reason" });
  const spark = makeSparkline();
  const failing = make("span", { class: "line" });
  const slow = make("span", { class: "line muted" });
  const calls = make("span", { class: "line" });
  const bad = make("span", { class: "line muted" });
  const element = make("div", { role: "row", class: "row" },
    cell("who", link, place),
    cell("story", make("span", { class: "head-line" }, badge, lead), why),
    cell("last", failedWhy, failedAt),
    cell("chart-cell", spark.svg),
    cell("rates", failing, slow),
    cell("totals", calls, bad));
  return { element, link, place, badge, lead, why, failedAt, failedWhy, spark, failing, slow, calls, bad, index: -1, version: -1 };
}

function bind(row, circuit) {
  row.circuit = circuit;
  row.element.circuit = circuit;
  row.index = -1;
  row.period = -1;
  row.version = -1;
  setText(row.link, visible(circuit.key.identifier));
  setAttribute(row.link, "href", circuitAddress(circuit.key));
}

function drawRow(row) {
  const { circuit } = row;
  if (row.index !== circuit.index) {
    row.index = circuit.index;
    row.element.style.transform = `translateY(${circuit.index * list.height}px)`;
    setAttribute(row.element, "aria-rowindex", String(circuit.index + 2));
  }
  const version = `${circuit.version}/${circuit.totals}/${model.period}/${Math.floor(now() / 1000)}`;
  if (row.version === version) return;
  row.version = version;
  setAttribute(row.element, "data-state", slug(circuit.state));
  setAttribute(row.element, "data-unsettled", circuit.unsettled ? "" : null);
  setText(row.badge, stateName(circuit.state));
  setText(row.place, placeOf(circuit));
  setAttribute(row.place, "title", row.place.shownText || null);
  const story = storyOf(circuit);
  setText(row.lead, story.lead);
  setText(row.why, story.more);
  setAttribute(row.why, "title", story.more || null);
  drawFailure(row, circuit);
  drawSparkline(row.spark, circuit);
  const [failing, slow] = circuit.rates;
  setText(row.failing, failing === null ? (slow === null ? "no rate" : "") : `${percent(failing)} failing`);
  setAttribute(row.failing, "class", failing === null ? "line muted" : "line");
  setText(row.slow, slow === null ? "" : `${percent(slow)} slow`);
  const [succeeded, failed, ignored, rejected] = circuit.totals;
  setText(row.calls, `${short(succeeded + failed + ignored)} calls`);
  setText(row.bad, [failed ? `${short(failed, 1000)} failed` : "", rejected ? `${short(rejected, 1000)} rejected` : ""].filter((part) => part).join(", "));
}

const short = (count, limit = 10000) => (count < limit ? wholeNumber.format(count) : shortNumber.format(count));

function drawFailure(row, circuit) {
  const failure = circuit.last_failure;
  if (!failure) {
    setText(row.failedWhy, "");
    setText(row.failedAt, "no failure");
    return;
  }
  const [at, reason] = failure;
  setText(row.failedWhy, reason ? visible(reason) : model.settings.reasons_hidden ? "reason hidden" : "no reason given");
  setAttribute(row.failedWhy, "title", reason ? visible(reason) : null);
  setText(row.failedAt, ago(now() - at));
}

/** Scope, kind and metadata in one line; before them, in a fleet, whether the circuit is shared. */
function placeOf(circuit) {
  const shared = model.fleet ? (circuit.shared ? "shared" : "not shared") : null;
  const { kind, scope } = circuit.key;
  const metadata = Object.entries(circuit.metadata).map(([name, value]) => `${name}: ${value}`);
  return [shared, scope, kind, ...metadata].filter((part) => part).map(visible).join(" · ");
}

/** When the circuit is retried, since when it has been in this state, and why. */
function storyOf(circuit) {
  const [since, why] = circuit.onset;
  const time = now();
  const join = (...parts) => parts.filter((part) => part).join(" · ");
  const lasts = (from, what) => (from ? `${what} ${span(time - from)}` : "");
  if (circuit.outage) {
    const [began, first] = circuit.outage;
    const again = circuit.openings > 1 ? `${ordinal(circuit.openings)} opening` : "";
    const cause = circuit.state === "forced_open" ? why ?? first : first ?? why;
    return { lead: probeOf(circuit), more: join(lasts(began, "down"), cause ? because(...cause) : "", again) };
  }
  if (circuit.state === "closed") {
    const counted = circuit.failure_count ? `${plural(circuit.failure_count, "failure", "failures")} counted` : "";
    return { lead: circuit.unsettled ? "failed in the last minute" : "", more: join(counted, lasts(since, "for")) };
  }
  if (circuit.state === "ramping_up") return { lead: rampOf(circuit), more: join(lasts(since, "for"), why ? because(...why) : "") };
  return { lead: { disabled: "not counted", metrics_only: "never opens" }[circuit.state], more: join(lasts(since, "for"), why ? because(...why) : "") };
}

function probeOf(circuit) {
  if (circuit.state === "half_open") {
    if (!circuit.probing) return "next call is a probe";
    // Its probes may be those of another instance.
    return isShared(circuit) && model.fleet.connected ? "probed by the fleet" : "probing now";
  }
  if (circuit.state === "forced_open") return "no probes";
  if (circuit.retry_at === null) return "no probes";
  const wait = circuit.retry_at - now();
  return wait > 0 ? `next probe in ${left(wait)}` : "next call is a probe";
}

/** How many of the calls a circuit admits that ramps up, and for how long. */
function rampOf(circuit) {
  if (!circuit.ramp) return "some calls are rejected";
  const [share, until] = circuit.ramp;
  return `admits ${percent(share)} of calls${until === null ? "" : `, all in ${left(until - now())}`}`;
}

/** Moves the focus up or down the list. */
function moveFocus(step) {
  const focused = document.activeElement?.closest?.(".row")?.circuit;
  const index = focused && list.shown[focused.index] === focused ? focused.index + step : step > 0 ? 0 : list.shown.length - 1;
  focusRow(Math.max(0, Math.min(list.shown.length - 1, index)));
}

function focusRow(index) {
  const circuit = list.shown[index];
  if (!circuit) return;
  const top = byId("rows").getBoundingClientRect().top + scrollY + index * list.height;
  const header = 120;
  if (top < scrollY + header) scrollTo(0, top - header);
  else if (top + list.height > scrollY + innerHeight - 20) scrollTo(0, top + list.height - innerHeight + 20);
  drawList();
  list.rows.get(circuit.id)?.link.focus({ preventScroll: true });
}

