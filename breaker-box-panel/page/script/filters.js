// The filter. It is part of the URL, so that it can be bookmarked or sent to a colleague.

const filter = { name: "", scope: null, kind: null, states: new Set() };
const NONE = "\u0000none";

const passesByName = (key, search) =>
  (!filter.name || search.includes(filter.name.toLowerCase()))
  && (filter.scope === null || (key.scope ?? NONE) === filter.scope)
  && (filter.kind === null || (key.kind ?? NONE) === filter.kind);

const passes = (circuit) =>
  (!filter.states.size || filter.states.has(circuit.state)) && passesByName(circuit.key, circuit.search);

const filterText = () => JSON.stringify([filter.name, filter.scope, filter.kind, [...filter.states]]);

const isFiltered = () => Boolean(filter.name || filter.scope !== null || filter.kind !== null || filter.states.size);

function filterAddress() {
  const parameters = new URLSearchParams();
  if (filter.name) parameters.set("name", filter.name);
  if (filter.scope !== null) parameters.set("scope", filter.scope === NONE ? "" : filter.scope);
  if (filter.kind !== null) parameters.set("kind", filter.kind === NONE ? "" : filter.kind);
  for (const state of filter.states) parameters.append("state", state);
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

function readFilter(parameters) {
  const part = (name) => (parameters.has(name) ? parameters.get(name) || NONE : null);
  filter.name = parameters.get("name") ?? "";
  filter.scope = part("scope");
  filter.kind = part("kind");
  filter.states = new Set(parameters.getAll("state").filter((state) => STATES.includes(state)));
  byId("filter-name").value = filter.name;
  drawFilters();
}

function changeFilter(change) {
  change();
  const page = location.hash.startsWith("#/timeline") ? "#/timeline" : "#/";
  history.replaceState(null, "", page + filterAddress());
  refresh();
}

function startFilters() {
  for (const state of STATES) {
    const count = make("span", { class: "number" });
    const chip = make("button", { type: "button", class: `chip ${slug(state)}`, "aria-pressed": "false" },
      make("span", { class: "dot", "aria-hidden": "true" }), count, ` ${stateName(state)}`);
    chip.addEventListener("click", () => changeFilter(() => {
      if (!filter.states.delete(state)) filter.states.add(state);
    }));
    chip.count = count;
    chip.state = state;
    byId("chips").append(chip);
  }
  byId("filter-name").addEventListener("input", (event) => changeFilter(() => (filter.name = event.target.value)));
  for (const name of ["scope", "kind"]) {
    byId(`filter-${name}`).addEventListener("change", (event) => changeFilter(() => {
      filter[name] = event.target.value === "" ? null : event.target.value;
    }));
  }
  byId("filter-clear").addEventListener("click", () => {
    changeFilter(() => Object.assign(filter, { name: "", scope: null, kind: null, states: new Set() }));
    byId("filter-name").value = "";
    byId("filter-name").focus();
  });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
}

function drawFilters() {
  const counts = countStates();
  for (const chip of byId("chips").children) {
    setText(chip.count, wholeNumber.format(counts[chip.state]));
    setAttribute(chip, "aria-pressed", String(filter.states.has(chip.state)));
    setAttribute(chip, "data-none", counts[chip.state] ? null : "");
  }
  setHidden(byId("filter-clear"), !isFiltered());
  for (const name of ["scope", "kind"]) drawChoices(byId(`filter-${name}`), name);
}

function drawChoices(select, name) {
  if (select.order !== model.order) {
    select.order = model.order;
    const values = new Set();
    for (const circuit of model.circuits.values()) values.add(circuit.key[name] ?? NONE);
    const sorted = [...values].sort();
    const text = JSON.stringify(sorted);
    if (select.shownChoices !== text) {
      select.shownChoices = text;
      const options = sorted.map((value) => make("option", { value }, value === NONE ? `No ${name}` : visible(value)));
      select.replaceChildren(make("option", { value: "" }, `All ${name}s`), ...options);
    }
    // Hidden if there is nothing to choose from.
    setHidden(select.closest(".field"), sorted.length < 2 && filter[name] === null);
  }
  const wanted = filter[name] ?? "";
  if (select.value !== wanted) select.value = wanted;
}

