// The connection to the service: reconnects whenever it breaks, and says how old the data is
// meanwhile.

/** The service sends a message every second; after this long without one the data is stale. */
const STALE_AFTER = 3500;

const base = location.pathname.endsWith("/") ? location.pathname : `${location.pathname}/`;
const address = (path) => base + path;

const feed = { source: null, heard: performance.now(), attempts: 0, timer: 0, problem: "", viewer: "", keptAlive: 0 };

function connect() {
  clearTimeout(feed.timer);
  feed.source?.close();
  const source = new EventSource(address("api/v1/feed"));
  feed.source = source;
  const hear = (take) => (event) => {
    if (feed.source !== source) return;
    const message = JSON.parse(event.data);
    take(message);
    sendKeepalive(message.viewer);
    feed.heard = performance.now();
    feed.attempts = 0;
    feed.problem = "";
    refresh();
  };
  source.addEventListener("snapshot", hear(takeSnapshot));
  source.addEventListener("delta", hear(takeDelta));
  source.addEventListener("error", () => {
    if (feed.source === source) retry();
  });
}

/**
 * How often the page shows that it reads its feed: at the limit, a page that does not is closed for
 * a new one.
 */
const KEEPALIVE_EVERY = 10000;

function sendKeepalive(viewer) {
  const isNew = viewer !== undefined;
  if (isNew) feed.viewer = viewer;
  else if (performance.now() - feed.keptAlive < KEEPALIVE_EVERY) return;
  feed.keptAlive = performance.now();
  // One that gets lost does not matter.
  fetch(address(`api/v1/keepalive?viewer=${feed.viewer}`), { method: "POST", credentials: "same-origin" }).catch(() => {});
}

/**
 * An event source gives up for good on some errors, such as those of a service that is starting. So
 * the page reconnects itself.
 */
function retry() {
  feed.source?.close();
  feed.source = null;
  feed.attempts += 1;
  const wait = Math.min(5000, 250 * 2 ** Math.min(feed.attempts, 6)) * (0.75 + Math.random() / 2);
  clearTimeout(feed.timer);
  feed.timer = setTimeout(connect, wait);
  if (feed.attempts % 3 === 1) explain();
  refresh();
}

/** An event source does not say why it failed; an ordinary request does. */
async function explain() {
  try {
    const answer = await fetch(address("api/v1/timeline"), { cache: "no-store" });
    if (answer.ok) feed.problem = "The service is up, but too many pages are open.";
    else {
      const { error } = await answer.json().catch(() => ({}));
      feed.problem = `The service answered with status ${answer.status}${error ? `: ${error}` : ""}.`;
    }
  } catch {
    feed.problem = "The service cannot be reached.";
  }
  refresh();
}

const silence = () => performance.now() - feed.heard;
const isStale = () => silence() > STALE_AFTER || (feed.source === null && silence() > 1500);

function showConnection() {
  const stale = isStale();
  const state = stale ? "stale" : model.known ? "live" : "waiting";
  setAttribute(byId("live"), "data-state", state);
  setText(byId("live-text"), { stale: "Stale", live: "Live", waiting: "Connecting…" }[state]);
  setAttribute(document.body, "data-stale", stale ? "" : null);
  const banner = byId("banner");
  setHidden(banner, !stale);
  if (stale) {
    const old = model.known ? `Stale: this data is ${span(silence())} old.` : "There is no data yet.";
    setText(banner, `${old} Reconnecting… ${feed.problem}`.trim());
  }
}

