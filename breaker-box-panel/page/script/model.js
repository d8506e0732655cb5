// What the page knows, as the feed tells it.

const TOTALS = ["succeeded", "failed", "ignored", "rejected", "slow", "cancelled", "panicked", "late"];
const TIMELINE_LENGTH = 1000;

const model = {
  known: false,
  settings: { title: "Circuits", controls: "read-only", reasons_hidden: false, period_seconds: 5, periods: 60 },
  circuits: new Map(),
  byKey: new Map(),
  timeline: [],
  total: 0,
  missed: 0,
  period: 0,
  /** The service's clock minus ours. */
  offset: -Infinity,
  /** Counts up with every change of order, filter and content. */
  order: 0,
  content: 0,
};

const now = () => Date.now() + (model.known ? model.offset : 0);

const keyText = (key) => JSON.stringify([key.kind, key.scope, key.identifier]);

/** What came fastest tells the time best: a message that was long under way looks like a clock that is behind. */
function takeClock(at) {
  const offset = at - Date.now();
  const isLate = offset < model.offset && model.offset - offset < 30000;
  model.offset = isLate ? model.offset - 5 : offset;
}

function takeSnapshot(snapshot) {
  // After an upgrade of the service this page would not understand what it is told.
  if (model.known && model.settings.version !== snapshot.version) {
    location.reload();
    return;
  }
  model.known = true;
  model.settings = snapshot;
  model.circuits.clear();
  model.byKey.clear();
  model.period = snapshot.period;
  model.total = snapshot.total;
  model.missed = snapshot.missed;
  takeClock(snapshot.at);
  model.timeline = snapshot.timeline;
  for (const row of snapshot.circuits) takeCircuit(row);
  settle();
  delete model.settings.circuits;
  delete model.settings.timeline;
  model.order += 1;
  model.content += 1;
}

function takeTick(tick) {
  model.period = tick.period;
  model.total = tick.total;
  takeClock(tick.at);
  for (const id of tick.gone) {
    const gone = model.circuits.get(id);
    if (gone) {
      model.circuits.delete(id);
      if (model.byKey.get(gone.text) === gone) model.byKey.delete(gone.text);
      model.order += 1;
    }
  }
  for (const row of tick.circuits) takeCircuit(row);
  for (const passed of tick.passed) {
    const circuit = model.circuits.get(passed[0]);
    if (circuit) takePassed(circuit, passed);
  }
  // Some may have been in the snapshot already.
  const newest = model.timeline[0]?.number ?? 0;
  const news = tick.timeline.filter((entry) => entry.number > newest);
  if (news.length) model.timeline = [...news.reverse(), ...model.timeline].slice(0, TIMELINE_LENGTH);
  settle();
  model.content += 1;
}

/** A new circuit, or what has changed of a known one. */
function takeCircuit(row) {
  let circuit = model.circuits.get(row.id);
  if (!circuit) {
    if (!row.key) return;
    circuit = {
      text: keyText(row.key),
      sort: [row.key.kind, row.key.scope, row.key.identifier].map((part) => part ?? "").join("\u0000"),
      search: row.key.identifier.toLowerCase(),
      lately: new Uint32Array(3 * model.settings.periods),
      newest: model.period,
      lastFailed: -Infinity,
      unsettled: false,
    };
    for (const [back, ...counts] of row.lately) {
      add(circuit, model.period - back, counts);
      if (counts[1]) circuit.lastFailed = Math.max(circuit.lastFailed, model.period - back);
    }
    delete row.lately;
    model.circuits.set(row.id, circuit);
    model.byKey.set(circuit.text, circuit);
    model.order += 1;
  }
  if ((row.state && row.state !== circuit.state) || row.trouble !== undefined) model.order += 1;
  Object.assign(circuit, row);
  circuit.version = (circuit.version ?? 0) + 1;
}

function takePassed(circuit, [, ...counts]) {
  counts.forEach((count, index) => (circuit.totals[index] += count));
  advance(circuit);
  add(circuit, model.period, [counts[0], counts[1] ?? 0, counts[3] ?? 0]);
  if (counts[1]) circuit.lastFailed = model.period;
}

function add(circuit, period, [succeeded, failed, rejected]) {
  const place = 3 * (period % model.settings.periods);
  circuit.lately[place] += succeeded;
  circuit.lately[place + 1] += failed;
  circuit.lately[place + 2] += rejected;
}

/** Empties the periods that began since the circuit was last called. */
function advance(circuit) {
  const { periods } = model.settings;
  const steps = Math.min(model.period - circuit.newest, periods);
  for (let step = 0; step < steps; step += 1) circuit.lately.fill(0, ...bounds(model.period - step, periods));
  circuit.newest = model.period;
}

const bounds = (period, periods) => [3 * (period % periods), 3 * (period % periods) + 3];

/** Who is closed and has failed within the last minute stands above those who are well. */
function settle() {
  const oldest = model.period - 60 / model.settings.period_seconds;
  for (const circuit of model.circuits.values()) {
    const unsettled = circuit.lastFailed >= oldest;
    if (unsettled !== circuit.unsettled) {
      circuit.unsettled = unsettled;
      if (circuit.state === "closed") model.order += 1;
    }
  }
}

/** The troubled first. */
function rank(circuit) {
  if (circuit.state !== "closed") return { "open": 0, "half_open": 1, "forced_open": 2, "metrics_only": 4, "disabled": 5 }[circuit.state];
  return circuit.unsettled ? 3 : 6;
}

/** Among the open ones the newest trouble first; else by name. */
function compare(a, b) {
  const byRank = a.rank - b.rank;
  if (byRank) return byRank;
  if (a.rank <= 1) {
    const byTime = (b.trouble?.[0] ?? 0) - (a.trouble?.[0] ?? 0);
    if (byTime) return byTime;
  }
  return a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0;
}

function countStates() {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  for (const circuit of model.circuits.values()) counts[circuit.state] += 1;
  return counts;
}

