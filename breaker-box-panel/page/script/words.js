// Numbers, times and states in words.

const LANGUAGE = "en-GB";
const wholeNumber = new Intl.NumberFormat(LANGUAGE);
const shortNumber = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumSignificantDigits: 2 });
const timeOfDay = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" });
const dayAndTime = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "medium" });

/** All states, the most urgent first. */
const STATES = ["open", "half_open", "ramping_up", "forced_open", "metrics_only", "disabled", "closed"];

/** What happens to calls in a state. */
const MEANING = {
  "closed": "Calls run, and their results are counted.",
  "open": "Calls are rejected until the next probe.",
  "half_open": "A few calls are let through as probes, to see whether the dependency has recovered.",
  "ramping_up": "A growing share of the calls runs, because the dependency has recovered.",
  "forced_open": "Calls are rejected until somebody closes or resets the circuit.",
  "disabled": "Calls run, and nothing is counted.",
  "metrics_only": "Calls run and are counted, but the circuit never opens.",
};

/** The button and the explanation of each action. */
const ACTIONS = {
  open: ["Open", "Reject calls for the open period of the policy, then let a probe through."],
  open_for: ["Open for a while", "Reject calls for the time you set, then let a probe through."],
  force_open: ["Force open", "Reject every call until somebody closes or resets the circuit."],
  close: ["Close", "Let calls through again and keep the counts: a few more failures may open the circuit again."],
  reset: ["Reset", "Let calls through again, and clear the counts and the last failure."],
  disable: ["Disable", "Let every call through and count nothing, until somebody resets the circuit."],
  metrics_only: ["Metrics only", "Let every call through and count, but never open, until somebody resets the circuit."],
};

/** A state for people: half_open → "half-open", forced_open → "forced open". */
const stateName = (state) => (state === "half_open" ? "half-open" : state.replaceAll("_", " "));

/** Causes for people, where they differ from the machine's. */
const CAUSES = {
  failures_within: "failures within a window",
  tripped: "tripped by a result",
  expired: "open period over",
  half_open_timeout: "half-open timeout",
  manual: "by hand",
  remote: "from another instance",
};

/** A cause for people, including those that this page does not know. */
const causeName = (cause) => (Object.hasOwn(CAUSES, cause) ? CAUSES[cause] : cause.replaceAll("_", " "));

/** A state as a class of the style. */
const slug = (state) => state.replaceAll("_", "-");

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const plural = (count, one, many) => `${wholeNumber.format(count)} ${count === 1 ? one : many}`;

/** 0.54 → "54 %"; below 10 % with tenths. */
function percent(rate) {
  const value = rate * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} %`;
}

/** A duration in its two largest units. */
function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes < 10 && seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return hours % 24 && days < 10 ? `${days} d ${hours % 24} h` : `${days} d`;
}

/** The rest of a wait, rounded up: it reads 1 s until it is over. */
const left = (milliseconds) => span(Math.ceil(Math.max(0, milliseconds) / 1000) * 1000);

const ago = (milliseconds) => (milliseconds < 1000 ? "just now" : `${span(milliseconds)} ago`);

function clock(milliseconds, now) {
  const format = Math.abs(now - milliseconds) < 12 * 3600 * 1000 ? timeOfDay : dayAndTime;
  return format.format(milliseconds);
}

/** 3 → "3rd". */
function ordinal(number) {
  const ending = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${wholeNumber.format(number)}${ending[new Intl.PluralRules("en", { type: "ordinal" }).select(number)]}`;
}

/** A cause with its reason; of a change by another instance, also which one, and what happened there. */
function because(cause, reason, instance, origin) {
  const where = instance === undefined ? "" : ` (${visible(instance)}: ${visible(causeName(origin))})`;
  return `${causeName(cause)}${where}${reason ? `: ${visible(reason)}` : ""}`;
}

