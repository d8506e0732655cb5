// What the page knows, as the feed sends it.

const TOTALS = ["succeeded", "failed", "ignored", "rejected", "slow", "cancelled", "panicked", "late", "opened"];
const TIMELINE_LENGTH = 1000;

const model = {
  known: false,
  settings: { title: "Circuits", controls: "read_only", reasons_hidden: false, period_seconds: 5, periods: 60 },
  circuits: new Map(),
  byKey: new Map(),
  timeline: [],
  /** The fleet that the service has joined, if any. */
  fleet: null,
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

/**
 * Sets the clock by the fastest message: a delayed one makes the service's clock look as if it were
 * behind.
 */
function takeClock(at) {
  const offset = at - Date.now();
  const isLate = offset < model.offset && model.offset - offset < 30000;
  model.offset = isLate ? model.offset - 5 : offset;
}

function takeSnapshot(snapshot) {
  // The service was upgraded: this page may not understand its messages any more.
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
  model.fleet = snapshot.fleet;
  for (const row of snapshot.circuits) takeCircuit(row);
  settle();
  delete model.settings.circuits;
  delete model.settings.timeline;
  delete model.settings.fleet;
  model.order += 1;
  model.content += 1;
}

function takeDelta(delta) {
  model.period = delta.period;
  model.total = delta.total;
  takeClock(delta.at);
  if (delta.fleet !== undefined) model.fleet = delta.fleet;
  for (const id of delta.removed) {
    const gone = model.circuits.get(id);
    if (gone) {
      model.circuits.delete(id);
      if (model.byKey.get(gone.text) === gone) model.byKey.delete(gone.text);
      model.order += 1;
    }
  }
  for (const row of delta.circuits) takeCircuit(row);
  for (const increments of delta.increments) {
    const circuit = model.circuits.get(increments[0]);
    if (circuit) takeIncrements(circuit, increments);
  }
  // The snapshot may already have some of them.
  const newest = model.timeline[0]?.number ?? 0;
  const news = delta.timeline.filter((entry) => entry.number > newest);
  if (news.length) model.timeline = [...news.reverse(), ...model.timeline].slice(0, TIMELINE_LENGTH);
  settle();
  model.content += 1;
}

/** Takes in all fields of a new circuit, or the changed fields of a known one. */
function takeCircuit(row) {
  let circuit = model.circuits.get(row.id);
  if (!circuit) {
    if (!row.key) return;
    circuit = {
      text: keyText(row.key),
      sort: [row.key.kind, row.key.scope, row.key.identifier].map((part) => part ?? "").join("\u0000"),
      search: row.key.identifier.toLowerCase(),
      recent: new Uint32Array(3 * model.settings.periods),
      newest: model.period,
      lastFailed: -Infinity,
      unsettled: false,
      shared: false,
      ramp: null,
    };
    for (const [back, ...counts] of row.recent) {
      add(circuit, model.period - back, counts);
      if (counts[1]) circuit.lastFailed = Math.max(circuit.lastFailed, model.period - back);
    }
    delete row.recent;
    model.circuits.set(row.id, circuit);
    model.byKey.set(circuit.text, circuit);
    model.order += 1;
  }
  if ((row.state && row.state !== circuit.state) || row.outage !== undefined) model.order += 1;
  Object.assign(circuit, row);
  circuit.version = (circuit.version ?? 0) + 1;
}

function takeIncrements(circuit, [, ...counts]) {
  counts.forEach((count, index) => (circuit.totals[index] += count));
  advance(circuit);
  add(circuit, model.period, [counts[0], counts[1] ?? 0, counts[3] ?? 0]);
  if (counts[1]) circuit.lastFailed = model.period;
}

function add(circuit, period, [succeeded, failed, rejected]) {
  const place = 3 * (period % model.settings.periods);
  circuit.recent[place] += succeeded;
  circuit.recent[place + 1] += failed;
  circuit.recent[place + 2] += rejected;
}

/** Clears the periods that began since the circuit was last called. */
function advance(circuit) {
  const { periods } = model.settings;
  const steps = Math.min(model.period - circuit.newest, periods);
  for (let step = 0; step < steps; step += 1) circuit.recent.fill(0, ...bounds(model.period - step, periods));
  circuit.newest = model.period;
}

const bounds = (period, periods) => [3 * (period % periods), 3 * (period % periods) + 3];

/** Closed circuits that failed in the last minute are listed above those that did not. */
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

/** The place of a state in the list: the most urgent first. */
function rank(circuit) {
  if (circuit.state !== "closed") return { open: 0, half_open: 1, ramping_up: 2, forced_open: 3, metrics_only: 5, disabled: 6 }[circuit.state];
  return circuit.unsettled ? 4 : 7;
}

/** By rank; open and half-open circuits then by the newest outage, others by name. */
function compare(a, b) {
  const byRank = a.rank - b.rank;
  if (byRank) return byRank;
  if (a.rank <= 1) {
    const byTime = (b.outage?.[0] ?? 0) - (a.outage?.[0] ?? 0);
    if (byTime) return byTime;
  }
  return a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0;
}

function countStates() {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  for (const circuit of model.circuits.values()) counts[circuit.state] += 1;
  return counts;
}

