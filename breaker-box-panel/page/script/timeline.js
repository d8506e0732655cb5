// The timeline, newest first.

const SHOWN = 200;
const drawn = { side: "", announced: null };

/** One entry, as an item of a list. */
function makeEntry(entry, withName) {
  const at = Date.parse(entry.at);
  const stamp = make("time", { datetime: entry.at, title: dayAndTime.format(at) }, clock(at, now()));
  const name = withName ? make("a", { href: circuitAddress(entry.key), class: "name" }, bdi(entry.key.identifier)) : null;
  const { cause, reason, origin } = entry.cause ?? {};
  const what = make("span", { class: "what" });
  if (entry.type === "state_changed") what.append(stateWord(entry.from), " → ", stateWord(entry.to));
  else if (entry.type === "would_open") what.append("would have opened");
  else if (entry.type === "configured") what.append("policy changed");
  else if (entry.type === "unregistered") what.append("unregistered");
  else what.append(`${ordered(entry)}, state unchanged`);
  const action = entry.type === "state_changed" && entry.action ? ` (${ordered(entry)})` : "";
  const where = origin ? [" (", bdi(origin.instance), `: ${visible(causeName(origin.cause))})`] : [];
  const why = cause ? make("span", { class: "cause" }, `${causeName(cause)}${action}`, ...where, reason ? ": " : null, reason ? bdi(reason, "reason") : null) : null;
  return make("li", { class: "entry", "data-state": slug(entry.to ?? "closed") }, stamp, make("span", { class: "body" }, name, what, why));
}

/** The command of an entry, in words. */
const ordered = ({ action, only_here: onlyHere }) => `${ACTIONS[action][0].toLowerCase()}${onlyHere ? ", only here" : ""}`;

const stateWord = (state) => make("span", { class: `word ${slug(state)}` }, stateName(state));

function makeTimeline(entries, withName, nothing) {
  if (!entries.length) return make("p", { class: "muted" }, nothing);
  return make("ol", { class: "timeline" }, ...entries.slice(0, SHOWN).map((entry) => makeEntry(entry, withName)));
}

/**
 * Without each open → half-open that a later entry of the same circuit makes redundant. The
 * circuit's own page lists them all.
 */
function withoutOldProbes(entries) {
  const seen = new Set();
  return entries.filter((entry) => {
    const text = keyText(entry.key);
    const isOld = entry.to === "half_open" && seen.has(text);
    seen.add(text);
    return !isOld;
  });
}

function drawTimeline() {
  const wanted = `${model.timeline[0]?.number}/${model.timeline.length}/${filterText()}`;
  if (drawn.side === wanted) return;
  drawn.side = wanted;
  const entries = model.timeline.filter((entry) => passesByName(entry.key, entry.key.identifier.toLowerCase()));
  const body = byId("side-body");
  const nothing = model.timeline.length ? "No entries for the circuits that pass the filter." : "No state changes since the panel started.";
  body.replaceChildren(makeTimeline(withoutOldProbes(entries), true, nothing));
  if (model.missed) body.append(make("p", { class: "muted" }, `${plural(model.missed, "event", "events")} came too fast to be listed.`));
}

/** Announces state changes to screen readers, a few at a time. */
function announce() {
  const newest = model.timeline[0]?.number ?? 0;
  const known = drawn.announced;
  drawn.announced = newest;
  if (known === null || newest <= known) return;
  const changes = model.timeline.filter((entry) => entry.number > known && entry.type === "state_changed");
  if (!changes.length) return;
  const text = changes.length > 3
    ? `${changes.length} circuits changed state`
    : changes.map((entry) => `${visible(entry.key.identifier)} is ${stateName(entry.to)}: ${causeName(entry.cause.cause)}`).join(". ");
  byId("announcer").textContent = text;
}

