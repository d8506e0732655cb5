// Charts of the calls of a circuit.

/** The bars of one series, stacked on top of `below`. */
function bars(values, below, scale, width, height) {
  const step = width / values.length;
  let path = "";
  for (let index = 0; index < values.length; index += 1) {
    const size = values[index] * scale;
    if (size <= 0) continue;
    const bottom = height - below[index] * scale;
    const top = Math.max(0, bottom - Math.max(size, 1));
    path += `M${(index * step).toFixed(2)} ${bottom.toFixed(2)}V${top.toFixed(2)}h${(step * 0.8).toFixed(2)}V${bottom.toFixed(2)}z`;
  }
  return path;
}

/** Failed calls at the bottom, rejected ones above them, successful ones on top. */
function stack(succeeded, failed, rejected, width, height) {
  const most = Math.max(...succeeded.map((count, index) => count + failed[index] + rejected[index]));
  const scale = height / Math.max(1, most);
  const none = failed.map(() => 0);
  const both = failed.map((count, index) => count + rejected[index]);
  return {
    most,
    failed: bars(failed, none, scale, width, height),
    rejected: bars(rejected, failed, scale, width, height),
    succeeded: bars(succeeded, both, scale, width, height),
  };
}

/** The three series of a circuit, oldest period first. */
function series(circuit) {
  advance(circuit);
  const { periods } = model.settings;
  const result = [[], [], []];
  for (let back = periods - 1; back >= 0; back -= 1) {
    const period = model.period - back;
    const place = 3 * (((period % periods) + periods) % periods);
    for (let index = 0; index < 3; index += 1) result[index].push(circuit.recent[place + index]);
  }
  return result;
}

function makeSparkline() {
  const paths = ["succeeded", "rejected", "failed"].map((name) => makeSvg("path", { class: name }));
  const svg = makeSvg("svg", { viewBox: "0 0 120 30", preserveAspectRatio: "none", role: "img", class: "spark" }, ...paths);
  return { svg, paths };
}

function drawSparkline({ svg, paths }, circuit) {
  const [succeeded, failed, rejected] = series(circuit);
  const stacked = stack(succeeded, failed, rejected, 120, 30);
  setAttribute(paths[0], "d", stacked.succeeded);
  setAttribute(paths[1], "d", stacked.rejected);
  setAttribute(paths[2], "d", stacked.failed);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const [all, bad, refused] = [sum(succeeded) + sum(failed), sum(failed), sum(rejected)];
  const label = all + refused === 0 ? "no calls" : `${plural(all, "call", "calls")}, ${wholeNumber.format(bad)} failed, ${wholeNumber.format(refused)} rejected`;
  setAttribute(svg, "aria-label", `Last 5 minutes: ${label}`);
}

/**
 * The large chart of one circuit, now in `state`: bars, and below them a band with the most severe
 * state of each period.
 */
function makeHistory(history, state) {
  const { period_seconds: seconds, periods, points } = history;
  const columns = { succeeded: [], failed: [], rejected: [], state: [] };
  for (let index = 0; index < periods; index += 1) {
    for (const name of ["succeeded", "failed", "rejected"]) columns[name].push(0);
    columns.state.push("closed");
  }
  // A period that has just begun may have no sample yet.
  columns.state[periods - 1] = state;
  for (const point of points) {
    const index = periods - 1 - point.ago;
    if (index < 0) continue;
    columns.succeeded[index] = point.successes;
    columns.failed[index] = point.failures;
    columns.rejected[index] = point.rejected;
    columns.state[index] = point.state;
  }
  const [width, height] = [600, 120];
  const stacked = stack(columns.succeeded, columns.failed, columns.rejected, width, height);
  const step = width / periods;
  const band = columns.state.map((state, index) =>
    makeSvg("rect", { x: (index * step).toFixed(2), y: height + 6, width: (step + 0.2).toFixed(2), height: 8, class: `band ${slug(state)}` }));
  const lines = [0, 0.5].map((part) => makeSvg("line", { x1: 0, x2: width, y1: height * part + 0.5, y2: height * part + 0.5, class: "grid" }));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const worst = STATES.filter((state) => state !== "closed" && columns.state.includes(state));
  const label = `Last ${span(seconds * periods * 1000)}: ${wholeNumber.format(sum(columns.succeeded))} succeeded, `
    + `${wholeNumber.format(sum(columns.failed))} failed, ${wholeNumber.format(sum(columns.rejected))} rejected; `
    + (worst.length ? `the circuit was ${worst.map(stateName).join(" and ")} at times.` : "the circuit was closed throughout.");
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height + 14}`, preserveAspectRatio: "none", role: "img", class: "chart", "aria-label": label },
    ...lines,
    makeSvg("path", { class: "succeeded", d: stacked.succeeded }),
    makeSvg("path", { class: "rejected", d: stacked.rejected }),
    makeSvg("path", { class: "failed", d: stacked.failed }),
    ...band);
  return { svg, most: stacked.most, states: worst };
}

