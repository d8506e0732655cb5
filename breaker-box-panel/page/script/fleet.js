// The fleet that the service has joined: whether it is connected, and whom a command reaches.

/** A line below the header. Without a fleet there is none. */
function showFleet() {
  const { fleet } = model;
  setHidden(byId("fleet"), !fleet);
  if (!fleet) return;
  setAttribute(byId("fleet"), "data-connected", String(fleet.connected));
  // Announced to screen readers, so it has nothing that changes all the time.
  setText(byId("fleet-state"), fleet.connected ? "Fleet connected" : "Fleet not connected: this instance decides alone");
  setText(byId("fleet-facts"), fleetFacts(fleet).map((fact) => `· ${fact}`).join(" "));
}

function fleetFacts(fleet) {
  return [
    fleet.since && `for ${span(now() - Date.parse(fleet.since))}`,
    !fleet.connected && fleet.last_error && visible(fleet.last_error),
    fleet.connected && plural(fleet.instances, "instance", "instances"),
    `holds the state of ${plural(fleet.shared_circuits, "circuit", "circuits")}`,
    fleet.pending > 0 && pendingOf(fleet),
    `this is ${visible(fleet.instance)}`,
  ].filter((fact) => fact);
}

/** What waits; while connected, with the error that may be why: a store can refuse changes. */
function pendingOf({ connected, pending, last_error: error }) {
  const changes = `${plural(pending, "change", "changes")} to be published`;
  return connected && error ? `${changes} (last error: ${visible(error)})` : changes;
}

/** Whether a command on a circuit reaches other instances. */
const isShared = (circuit) => Boolean(model.fleet && circuit?.shared);

/** With whom a circuit is shared. */
function sharing(circuit) {
  const { connected, instances } = model.fleet;
  if (!circuit.shared) return "no: this instance decides alone";
  if (!connected) return "yes, but the fleet is not connected";
  return instances > 1 ? `with ${plural(instances - 1, "other instance", "other instances")}` : "with no other instance now";
}

/** Whom a command on a circuit reaches; empty without a fleet. */
function reachOf(circuit) {
  const { fleet } = model;
  if (!fleet) return "";
  if (!isShared(circuit)) return "Acts on this instance only: this circuit is not shared.";
  if (!fleet.connected) return "Acts on this instance at once, and on the others once the fleet is connected again.";
  return fleet.instances > 1 ? `Acts on all ${wholeNumber.format(fleet.instances)} instances of the fleet.` : "Acts on all instances of the fleet; this is the only one now.";
}
