// Numbers, times and states in words.

const LANGUAGE = "en-GB";
const wholeNumber = new Intl.NumberFormat(LANGUAGE);
const shortNumber = new Intl.NumberFormat(LANGUAGE, { notation: "compact", maximumSignificantDigits: 2 });
const timeOfDay = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" });
const dayAndTime = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "medium" });

/** States, those that ask for attention first. */
const STATES = ["open", "half_open", "forced_open", "metrics_only", "disabled", "closed"];

/** What a state does with calls. */
const MEANING = {
  "closed": "Calls run, and their results are counted.",
  "open": "Calls are rejected until the next probe.",
  "half_open": "A few calls are let through to see whether it has recovered.",
  "forced_open": "Calls are rejected until somebody says otherwise.",
  "disabled": "Calls run, and nothing is counted.",
  "metrics_only": "Calls run and are counted, but the circuit never opens.",
};

/** Causes as people write them. */
const CAUSES = {
  "consecutive_failures": "consecutive failures",
  "failures_within": "failures within a window",
  "failure_rate": "failure rate",
  "slow_call_rate": "slow call rate",
  "tripped": "tripped by a result",
  "probe_failed": "probe failed",
  "probes_succeeded": "probes succeeded",
  "expired": "open period over",
  "half_open_timeout": "half-open timeout",
  "manual": "by hand",
  "remote": "from another instance",
};

const ACTIONS = {
  open: ["Open", "Reject calls for as long as the policy says, then let a probe through."],
  open_for: ["Open for a while", "Reject calls for the time you set, then let a probe through."],
  force_open: ["Force open", "Reject every call until somebody closes or resets the circuit."],
  close: ["Close", "Let calls through again, and keep the counts: few more failures open it again."],
  reset: ["Reset", "Let calls through again, and forget the counts and the last failure."],
  disable: ["Disable", "Let every call through and count nothing, until somebody resets the circuit."],
  metrics_only: ["Metrics only", "Let every call through and only count, until somebody resets the circuit."],
};

/** A state as people write it: half_open → "half-open", forced_open → "forced open". */
const stateName = (state) => (state === "half_open" ? "half-open" : state.replaceAll("_", " "));

/** A cause as people write it, also one that a newer service knows. */
const causeName = (cause) => CAUSES[cause] ?? cause.replaceAll("_", " ");

const slug = (state) => state.replaceAll("_", "-");
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const plural = (count, one, many) => `${wholeNumber.format(count)} ${count === 1 ? one : many}`;

/** 0.54 → "54 %"; tenths where they matter. */
function percent(rate) {
  const value = rate * 100;
  return `${value > 0 && value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} %`;
}

/** A time span in its two largest units. */
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

/** What is left of a wait, rounded up: it reads 1 s until it is over. */
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

/** A cause with what was said about it. */
function because(cause, reason) {
  return reason ? `${causeName(cause)}: ${visible(reason)}` : causeName(cause);
}

