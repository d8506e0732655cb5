// Commands: each with a reason, a token if the panel requires one, and a nonce that is valid once.

/** In memory only: never stored, and gone with the page. */
const secret = { token: "" };
const dialog = {};

function startControls() {
  const field = (label, input, hint) => make("label", { class: "field" }, make("span", {}, label), input, hint ? make("small", {}, hint) : null);
  dialog.reason = make("input", { type: "text", required: "", maxlength: "200", autocomplete: "off", id: "command-reason" });
  dialog.minutes = make("input", { type: "number", min: "0.1", max: "527040", step: "any", value: "10", id: "command-minutes" });
  dialog.token = make("input", { type: "password", autocomplete: "current-password", id: "command-token" });
  dialog.minutesField = field("Minutes", dialog.minutes);
  dialog.tokenField = field("Token", dialog.token, "Kept until this page is closed or reloaded.");
  dialog.title = make("h2", { id: "command-title" });
  dialog.meaning = make("p", { class: "muted", id: "command-meaning" });
  dialog.reach = make("p", { class: "muted", id: "command-reach" });
  dialog.onlyHere = make("input", { type: "checkbox", id: "command-only-here" });
  dialog.onlyHereField = make("label", { class: "check" }, dialog.onlyHere, "Only on this instance");
  dialog.error = make("p", { class: "error", role: "alert" });
  dialog.confirm = make("button", { type: "submit", class: "primary", id: "command-confirm" });
  const cancel = make("button", { type: "button", class: "quiet" }, "Cancel");
  cancel.addEventListener("click", () => dialog.element.close());
  const form = make("form", { method: "dialog" }, dialog.title, dialog.meaning, dialog.minutesField,
    field("Reason", dialog.reason, "Shown in the timeline, and in the events and the log of the service."), dialog.tokenField, dialog.reach, dialog.onlyHereField, dialog.error,
    make("div", { class: "buttons" }, cancel, dialog.confirm));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitCommand();
  });
  dialog.element = make("dialog", { "aria-labelledby": "command-title", "aria-describedby": "command-meaning command-reach" }, form);
  document.body.append(dialog.element);
}

function openDialog(key, action) {
  const [name, meaning] = ACTIONS[action];
  dialog.command = { key, action };
  dialog.title.replaceChildren(`${name}: `, bdi(key.identifier));
  dialog.meaning.textContent = meaning;
  dialog.confirm.textContent = name;
  dialog.error.textContent = "";
  dialog.minutesField.hidden = action !== "open_for";
  dialog.minutes.required = action === "open_for";
  dialog.tokenField.hidden = model.settings.controls !== "token";
  dialog.token.required = model.settings.controls === "token";
  dialog.token.value = secret.token;
  const circuit = model.byKey.get(keyText(key));
  dialog.reach.textContent = reachOf(circuit);
  dialog.reach.hidden = !model.fleet;
  dialog.onlyHere.checked = false;
  dialog.onlyHereField.hidden = !isShared(circuit);
  dialog.element.showModal();
  dialog.reason.focus();
}

async function submitCommand() {
  const command = { key: dialog.command.key, action: dialog.command.action, reason: dialog.reason.value };
  if (command.action === "open_for") command.seconds = Math.max(1, Math.round(Number(dialog.minutes.value) * 60));
  if (dialog.onlyHere.checked) command.only_here = true;
  dialog.confirm.disabled = true;
  dialog.error.textContent = "";
  try {
    await send(command, dialog.token.value);
    secret.token = dialog.token.value;
    dialog.reason.value = "";
    dialog.element.close();
    say(`Done: ${ACTIONS[command.action][0].toLowerCase()} ${visible(command.key.identifier)}${command.only_here ? ", only on this instance" : ""}.`);
  } catch (error) {
    dialog.error.textContent = error.message;
  } finally {
    dialog.confirm.disabled = false;
  }
}

async function send(command, token) {
  const headers = { "Content-Type": "application/json" };
  if (model.settings.controls === "token") headers.Authorization = `Bearer ${token}`;
  const { nonce } = await post("api/v1/nonces", headers);
  await post("api/v1/commands", { ...headers, "Breaker-Nonce": nonce }, JSON.stringify(command));
}

async function post(path, headers, body) {
  let answer;
  try {
    answer = await fetch(address(path), { method: "POST", headers, body, credentials: "same-origin" });
  } catch {
    throw new Error("Nothing was done: the service cannot be reached, or the token contains characters that are not allowed in a header.");
  }
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(`Nothing was done (${answer.status}): ${document.error ?? "the service refused it"}.`);
  return document;
}

function say(text) {
  const note = byId("command-note");
  if (note) note.textContent = text;
}

