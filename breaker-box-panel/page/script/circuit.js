// The page of one circuit.

const page = { text: "", key: null, parts: null, asked: 0, history: "minutes", details: null };

function circuitAddress(key) {
  const parameters = new URLSearchParams({ identifier: key.identifier });
  if (key.scope !== null) parameters.set("scope", key.scope);
  if (key.kind !== null) parameters.set("kind", key.kind);
  return `#/circuit?${parameters}`;
}

function openCircuit(parameters) {
  const key = { kind: parameters.get("kind"), scope: parameters.get("scope"), identifier: parameters.get("identifier") ?? "" };
  const text = keyText(key);
  if (page.text === text) return;
  Object.assign(page, { text, key, details: null, parts: makeCircuitPage(key) });
  byId("view-circuit").replaceChildren(page.parts.element);
  askDetails();
}

function closeCircuit() {
  if (!page.text) return;
  Object.assign(page, { text: "", key: null, parts: null, details: null });
  byId("view-circuit").replaceChildren();
}

function makeCircuitPage(key) {
  const section = (title, ...children) => make("section", { class: "card" }, make("h2", {}, title), ...children);
  const place = [["Scope", key.scope], ["Kind", key.kind]].filter(([, value]) => value !== null);
  const badge = make("span", { class: "badge" });
  const parts = {
    badge,
    sentence: make("p", { class: "sentence", id: "sentence" }),
    meaning: make("p", { class: "muted" }),
    facts: make("dl", { class: "facts" }),
    policy: make("ul", { class: "policy" }),
    window: make("dl", { class: "facts" }),
    totals: make("dl", { class: "facts grid" }),
    metadata: make("dl", { class: "facts" }),
    chart: make("div", { class: "chart-box" }),
    timeline: make("div"),
    controls: make("div", { class: "buttons start", id: "controls" }),
    reach: make("p", { class: "muted", id: "reach" }),
  };
  parts.metadataCard = make("section", { class: "card wide" }, make("h2", {}, "Metadata"), parts.metadata);
  const toggles = make("div", { class: "toggles", role: "group", "aria-label": "Span of the history" });
  for (const [name, label] of [["minutes", "5 minutes"], ["hour", "1 hour"]]) {
    const toggle = make("button", { type: "button", class: "toggle", "aria-pressed": String(name === page.history) }, label);
    toggle.addEventListener("click", () => {
      page.history = name;
      for (const other of toggles.children) other.setAttribute("aria-pressed", String(other === toggle));
      drawDetails();
    });
    toggles.append(toggle);
  }
  parts.states = make("span", { class: "states" });
  const legend = make("p", { class: "legend" }, ...["succeeded", "rejected", "failed"].map((name) => swatch(name)), parts.states);
  parts.body = make("div", { class: "cards" },
    make("section", { class: "card two story-card", "aria-label": "Current state" }, parts.sentence, parts.meaning, parts.facts),
    make("section", { class: "card" }, make("h2", {}, "Controls"), parts.controls, parts.reach, make("p", { class: "note", id: "command-note", role: "status" })),
    make("section", { class: "card wide" }, make("div", { class: "card-head" }, make("h2", {}, "History"), legend, toggles), parts.chart),
    section("Policy", parts.policy),
    section("Window", parts.window),
    section("Totals", parts.totals),
    parts.metadataCard,
    make("section", { class: "card wide" }, make("h2", {}, "Timeline"), parts.timeline));
  parts.title = make("h1", { id: "circuit-title", tabindex: "-1" }, bdi(key.identifier));
  parts.gone = make("p", { class: "banner", hidden: "" }, "There is no such circuit now. It may have been unregistered or evicted, or may appear with its first call.");
  parts.element = make("div", { class: "circuit" },
    make("p", { class: "back" }, make("a", { href: `#/${filterAddress()}`, id: "back" }, "← All circuits")),
    make("div", { class: "circuit-head" }, badge, parts.title,
      ...place.map(([name, value]) => make("span", { class: "place" }, `${name}: `, bdi(value)))),
    parts.gone, parts.body);
  drawControls(parts, key);
  return parts;
}

const swatch = (name) => make("span", {}, make("span", { class: `swatch ${slug(name)}`, "aria-hidden": "true" }), stateName(name));

function drawControls(parts, key) {
  if (parts.controlsShown === model.settings.controls) return;
  parts.controlsShown = model.settings.controls;
  if (model.settings.controls === "read_only") {
    parts.controls.replaceChildren(make("p", { class: "muted" }, "Read-only: the service set this panel up without controls."));
    return;
  }
  parts.controls.replaceChildren(...Object.entries(ACTIONS).map(([action, [name, meaning]]) => {
    const button = make("button", { type: "button", class: "action", title: meaning, "data-action": action }, name);
    button.addEventListener("click", () => openDialog(key, action));
    return button;
  }));
}

/**
 * Requests what the feed leaves out: policy, window and history. Only while the page of a circuit
 * is open.
 */
async function askDetails() {
  const { key, text } = page;
  if (!key || page.asking) return;
  page.asking = true;
  try {
    const parameters = new URLSearchParams({ identifier: key.identifier });
    if (key.scope !== null) parameters.set("scope", key.scope);
    if (key.kind !== null) parameters.set("kind", key.kind);
    const answer = await fetch(address(`api/v1/circuit?${parameters}`), { cache: "no-store" });
    if (page.text !== text) return;
    if (answer.ok) page.details = await answer.json();
    drawDetails();
  } catch {
    // The feed reports that the service cannot be reached.
  } finally {
    page.asking = false;
    if (page.text && page.text !== text) askDetails();
  }
}

function drawCircuit() {
  const { parts, key } = page;
  if (!parts) return;
  drawControls(parts, key);
  const circuit = model.byKey.get(page.text);
  setHidden(parts.gone, Boolean(circuit) || !model.known);
  setHidden(parts.body, !circuit);
  setHidden(parts.badge, !circuit);
  if (!circuit) return;
  setText(parts.badge, stateName(circuit.state));
  setAttribute(parts.element, "data-state", slug(circuit.state));
  const time = now();
  const [since, why] = circuit.onset;
  const sentence = [since ? `${capital(stateName(circuit.state))} for ${span(time - since)}` : capital(stateName(circuit.state))];
  if (circuit.outage) sentence.push(probeOf(circuit));
  if (circuit.state === "ramping_up") sentence.push(rampOf(circuit));
  setText(parts.sentence, `${sentence.join(", ")}.`);
  setText(parts.meaning, MEANING[circuit.state]);
  const facts = [];
  if (why) facts.push(["Cause", because(...why)]);
  if (circuit.outage) {
    const [began, first] = circuit.outage;
    if (began) facts.push(["Down since", `${clock(began, time)}, for ${span(time - began)}`]);
    if (first && circuit.openings > 1) facts.push(["First cause", because(...first)]);
    if (circuit.openings > 1) facts.push(["Failed recoveries", `${wholeNumber.format(circuit.openings - 1)}; this is the ${ordinal(circuit.openings)} opening in a row`]);
  }
  if (model.fleet) facts.push(["Shared", sharing(circuit)]);
  if (circuit.last_failure) {
    const [at, reason] = circuit.last_failure;
    const said = reason ? visible(reason) : model.settings.reasons_hidden ? "reason hidden" : "no reason given";
    facts.push(["Last failure", `${ago(time - at)}: ${said}`]);
  } else facts.push(["Last failure", "none since the last reset"]);
  setFacts(parts.facts, facts);
  const reach = model.settings.controls === "read_only" ? "" : reachOf(circuit);
  setText(parts.reach, reach);
  setHidden(parts.reach, !reach);
  setFacts(parts.totals, TOTALS.map((name, index) => [capital(name), wholeNumber.format(circuit.totals[index])]));
  const metadata = Object.entries(circuit.metadata);
  setHidden(parts.metadataCard, !metadata.length);
  setFacts(parts.metadata, metadata.map(([name, value]) => [visible(name), visible(value)]));
}

function drawDetails() {
  const { parts, details } = page;
  if (!parts || !details) return;
  const { circuit, history, timeline } = details;
  const clauses = circuit.policy.split("; ").map(capital);
  if (parts.policyShown !== circuit.policy) {
    parts.policyShown = circuit.policy;
    parts.policy.replaceChildren(...clauses.map((clause) => make("li", {}, clause)));
  }
  const { calls, failures, slow, failure_rate: failing, slow_call_rate: slowly } = circuit.window;
  const rate = (count, known) => (known === null ? `${wholeNumber.format(count)} (too few calls for a rate)` : `${wholeNumber.format(count)} (${percent(known)})`);
  const judged = / % (failures|calls slower)/.test(circuit.policy);
  setFacts(parts.window, [
    ["Failures counted", wholeNumber.format(circuit.failure_count)],
    ...(circuit.in_flight ? [["Calls in flight", `${wholeNumber.format(circuit.in_flight.calls)}, ${wholeNumber.format(circuit.in_flight.hung)} of them hung`]] : []),
    ...(judged ? [["Calls in the window", wholeNumber.format(calls)]] : []),
    ...(/ % failures/.test(circuit.policy) ? [["Failed", rate(failures, failing)]] : []),
    ...(/ % calls slower/.test(circuit.policy) ? [["Slow", rate(slow, slowly)]] : []),
    ...(judged ? [] : [["Rates", "not used by the policy"]]),
  ]);
  drawHistory(parts, history[page.history], circuit.state);
  const text = JSON.stringify(timeline.map((entry) => [entry.number, entry.action]));
  if (parts.timelineShown !== text) {
    parts.timelineShown = text;
    parts.timeline.replaceChildren(makeTimeline(timeline, false, "No state changes since the panel started."));
  }
}

function drawHistory({ chart: box, states }, history, state) {
  const text = JSON.stringify([history, state]);
  if (box.shownHistory === text) return;
  box.shownHistory = text;
  const chart = makeHistory(history, state);
  const length = history.period_seconds * history.periods * 1000;
  const axis = make("div", { class: "axis", "aria-hidden": "true" },
    make("span", {}, `${span(length)} ago`), make("span", {}, `${span(length / 2)} ago`), make("span", {}, "now"));
  const peak = make("span", { class: "peak", "aria-hidden": "true" }, chart.most ? `${plural(chart.most, "call", "calls")} in ${span(history.period_seconds * 1000)}` : "no calls");
  box.replaceChildren(peak, chart.svg, axis);
  states.replaceChildren(...(chart.states.length ? ["State:", ...[...chart.states, "closed"].map(swatch)] : []));
}

/** Sets a list of names and values only if it differs. */
function setFacts(element, facts) {
  const text = JSON.stringify(facts);
  if (element.shownFacts === text) return;
  element.shownFacts = text;
  element.replaceChildren(...facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, bdi(value)))));
}

