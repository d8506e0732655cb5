// The connection to the service: made anew whenever it breaks, and honest about what is old.

/** The service sends something every second; after so long without, what is shown is stale. */
const STALE_AFTER = 3500;

const base = location.pathname.endsWith("/") ? location.pathname : `${location.pathname}/`;
const address = (path) => base + path;

const feed = { source: null, heard: performance.now(), attempts: 0, timer: 0, trouble: "", place: "", shown: 0 };

function connect() {
  clearTimeout(feed.timer);
  feed.source?.close();
  const source = new EventSource(address("api/v1/feed"));
  feed.source = source;
  const hear = (take) => (event) => {
    if (feed.source !== source) return;
    const news = JSON.parse(event.data);
    take(news);
    showLife(news.place);
    feed.heard = performance.now();
    feed.attempts = 0;
    feed.trouble = "";
    refresh();
  };
  source.addEventListener("snapshot", hear(takeSnapshot));
  source.addEventListener("tick", hear(takeTick));
  source.addEventListener("error", () => {
    if (feed.source === source) retry();
  });
}

/** Every so often the page says that it reads what it is sent: where there is no room for all, one that does not loses its place. */
const SHOW_LIFE_EVERY = 10000;

function showLife(place) {
  const isNew = place !== undefined;
  if (isNew) feed.place = place;
  else if (performance.now() - feed.shown < SHOW_LIFE_EVERY) return;
  feed.shown = performance.now();
  // Nothing hangs on one of them.
  fetch(address(`api/v1/here?place=${feed.place}`), { method: "POST", credentials: "same-origin" }).catch(() => {});
}

/** Browsers give up on some answers of a service that is starting, so the waiting is done here. */
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

/** An event source does not say why it failed; a plain request does. */
async function explain() {
  try {
    const answer = await fetch(address("api/v1/timeline"), { cache: "no-store" });
    if (answer.ok) feed.trouble = "The service answers, but has no room for another open page.";
    else {
      const { error } = await answer.json().catch(() => ({}));
      feed.trouble = `The service answers with status ${answer.status}${error ? `: ${error}` : ""}.`;
    }
  } catch {
    feed.trouble = "The service cannot be reached.";
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
    const old = model.known ? `Stale: what you see is ${span(silence())} old.` : "There is nothing to show yet.";
    setText(banner, `${old} Reconnecting… ${feed.trouble}`.trim());
  }
}

