// Orders: each with a reason, a token where the panel asks for one, and a ticket that is good once.

/** Kept only here: gone with the page, and never stored. */
const secret = { token: "" };
const dialog = {};

function startControls() {
  const field = (label, input, hint) => make("label", { class: "field" }, make("span", {}, label), input, hint ? make("small", {}, hint) : null);
  dialog.reason = make("input", { type: "text", required: "", maxlength: "200", autocomplete: "off", id: "order-reason" });
  dialog.minutes = make("input", { type: "number", min: "0.1", max: "527040", step: "any", value: "10", id: "order-minutes" });
  dialog.token = make("input", { type: "password", autocomplete: "current-password", id: "order-token" });
  dialog.minutesField = field("Minutes", dialog.minutes);
  dialog.tokenField = field("Token", dialog.token, "Kept until this page is closed or reloaded.");
  dialog.title = make("h2", { id: "order-title" });
  dialog.meaning = make("p", { class: "muted", id: "order-meaning" });
  dialog.error = make("p", { class: "error", role: "alert" });
  dialog.confirm = make("button", { type: "submit", class: "primary", id: "order-confirm" });
  const cancel = make("button", { type: "button", class: "quiet" }, "Cancel");
  cancel.addEventListener("click", () => dialog.element.close());
  const form = make("form", { method: "dialog" }, dialog.title, dialog.meaning, dialog.minutesField,
    field("Reason", dialog.reason, "Stands in the timeline and in the service's events."), dialog.tokenField, dialog.error,
    make("div", { class: "buttons" }, cancel, dialog.confirm));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    giveOrder();
  });
  dialog.element = make("dialog", { "aria-labelledby": "order-title", "aria-describedby": "order-meaning" }, form);
  document.body.append(dialog.element);
}

function askOrder(key, action) {
  const [name, meaning] = ACTIONS[action];
  dialog.order = { key, action };
  dialog.title.replaceChildren(`${name}: `, bdi(key.identifier));
  dialog.meaning.textContent = meaning;
  dialog.confirm.textContent = name;
  dialog.error.textContent = "";
  dialog.minutesField.hidden = action !== "open_for";
  dialog.minutes.required = action === "open_for";
  dialog.tokenField.hidden = model.settings.controls !== "token";
  dialog.token.required = model.settings.controls === "token";
  dialog.token.value = secret.token;
  dialog.element.showModal();
  dialog.reason.focus();
}

async function giveOrder() {
  const order = { key: dialog.order.key, action: dialog.order.action, reason: dialog.reason.value };
  if (order.action === "open_for") order.seconds = Math.max(1, Math.round(Number(dialog.minutes.value) * 60));
  dialog.confirm.disabled = true;
  dialog.error.textContent = "";
  try {
    await send(order, dialog.token.value);
    secret.token = dialog.token.value;
    dialog.reason.value = "";
    dialog.element.close();
    say(`Done: ${ACTIONS[order.action][0].toLowerCase()} ${visible(order.key.identifier)}.`);
  } catch (error) {
    dialog.error.textContent = error.message;
  } finally {
    dialog.confirm.disabled = false;
  }
}

async function send(order, token) {
  const headers = { "Content-Type": "application/json" };
  if (model.settings.controls === "token") headers.Authorization = `Bearer ${token}`;
  const { ticket } = await post("api/v1/tickets", headers);
  await post("api/v1/orders", { ...headers, "Breaker-Ticket": ticket }, JSON.stringify(order));
}

async function post(path, headers, body) {
  let answer;
  try {
    answer = await fetch(address(path), { method: "POST", headers, body, credentials: "same-origin" });
  } catch {
    throw new Error("Nothing was done: the service cannot be reached, or the token has characters that no header carries.");
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`Nothing was done (${answer.status}): ${document.error ?? "the service refused it"}.`);
  return document;
}

function say(text) {
  const note = byId("order-note");
  if (note) note.textContent = text;
}

