// Marking by question: shows one answer at a time and sends its mark. Keys are done one after the other, so that none is
// lost while the server answers.
"use strict";

const { api, xsrf, most } = document.body.dataset;
const by = (id) => document.getElementById(id);
const steps = [...document.querySelectorAll(".step")];
const turns = [...document.querySelectorAll(".turn")];
const score = by("score");
const comment = by("comment");

let answers = []; // every answer of the class, by id, with its state: "open", "marked" or "blank"
let shown = null; // the answer on the page, as the server has it
let chosen = null; // what is chosen for it: { shares, turns, text, score }
let saved = []; // marks of this page, for undo: the answer, what it had before, and its version since
let unchanged = ""; // what read() gives as long as nothing is changed
let locked = false; // after a refusal: keys that were typed for the next answer must not mark this one
let work = Promise.resolve();
let waiting = 0; // tasks that are not done

function later(task) {
  waiting += 1;
  work = work
    .then(task)
    .catch((error) => say(`Nothing was saved: ${error.message}`, true))
    .finally(() => (waiting -= 1));
}

const place = () => answers.findIndex((answer) => answer.id === shown.id);
const dirty = () => shown !== null && text() !== unchanged;
const text = () => JSON.stringify([read(), score.value]);
const plain = (points) => String(Math.round(points * 1e4) / 1e4);
const told = (points) => (points === null ? "not marked" : `${plain(points)} of ${most}`);

function say(text, wrong = false) {
  by("message").textContent = wrong ? `${text} (Esc to go on here)` : text;
  by("message").className = wrong ? "wrong" : "";
  locked = wrong;
}

// ---- the server ------------------------------------------------------------------------------------------------------

async function ask(id = "", body = null) {
  const options = body && { method: "PUT", body: JSON.stringify(body), headers: { "X-XSRFToken": xsrf } };
  const response = await fetch(id ? `${api}/${id}` : api, options || {});
  const json = (response.headers.get("Content-Type") || "").includes("json");
  const reply = json ? await response.json() : { message: `the server says ${response.status} ${response.statusText}` };
  if (reply.answers) {
    answers = reply.answers;
    progress();
  }
  if (!response.ok && response.status !== 409) throw new Error(reply.message);
  return { ...reply, refused: response.status === 409 };
}

async function show(id) {
  fill((await ask(id)).answer);
  scrollTo(0, 0);
}

// ---- what is chosen --------------------------------------------------------------------------------------------------

function sum(shares) {
  const points = steps.reduce((all, step, n) => all + Number(step.dataset.points) * shares[n], 0);
  return Math.min(Number(most), points);
}

function read() {
  const typed = score.value.trim().replace(",", ".");
  const same = chosen.shares.length ? typed === plain(sum(chosen.shares)) : typed === "";
  return { ...chosen, text: comment.value.trim(), score: same ? null : Number(typed || NaN) };
}

function fill(answer) {
  shown = answer;
  by("name").textContent = `Submission #${place() + 1}`;
  by("text").innerHTML = answer.html || "<p><i>No answer.</i></p>";
  by("whole").href = answer.address;
  by("go").value = place() + 1;
  by("state").textContent = [stateOf(answer), answer.note].filter(Boolean).join(" · ");
  choose(answer.choice);
}

function stateOf(answer) {
  if (answer.state === "blank") return "left blank: 0 points";
  if (answer.state === "marked") return `marked: ${told(answer.back.score)}`;
  return answer.back.score === null ? "not marked yet" : `to be marked again, was ${told(answer.back.score)}`;
}

function choose(choice) {
  chosen = { ...choice, shares: [...choice.shares], turns: [...choice.turns] };
  comment.value = choice.text;
  score.value = choice.score !== null ? plain(choice.score) : choice.shares.length ? plain(sum(choice.shares)) : "";
  draw();
  unchanged = text();
}

function draw() {
  steps.forEach((step, n) => {
    const share = chosen.shares[n] || 0;
    step.setAttribute("aria-pressed", share === 1 ? "true" : share ? "mixed" : "false");
    step.querySelector(".points").textContent = `${plain(share * step.dataset.points)} of ${plain(step.dataset.points)}`;
  });
  turns.forEach((turn, n) => {
    turn.setAttribute("aria-pressed", String(chosen.turns.includes(n)));
    turn.querySelector(".points").textContent = chosen.turns.includes(n) ? "✓" : "";
  });
}

function setShares(shares) {
  chosen.shares = shares;
  score.value = plain(sum(shares));
  draw();
}

function toggleStep(n) {
  const shares = steps.map((_, step) => chosen.shares[step] || 0);
  shares[n] = { 0: 1, 1: 0.5, 0.5: 0 }[shares[n]];
  setShares(shares);
}

function toggleTurn(n) {
  const without = chosen.turns.filter((turn) => turn !== n);
  chosen.turns = without.length < chosen.turns.length ? without : [...without, n].sort((a, b) => a - b);
  draw();
}

// ---- moving, saving, undo --------------------------------------------------------------------------------------------

function progress() {
  const count = (state) => answers.filter((answer) => answer.state === state).length;
  const blank = count("blank");
  by("bar").max = answers.length - blank || 1;
  by("bar").value = count("marked");
  by("progress").textContent =
    `${count("marked")} of ${answers.length - blank} marked` + (blank ? `, ${blank} left blank` : "");
}

async function move(direction, open) {
  if (dirty()) return say("Not saved yet: Enter saves, u takes back what you changed.", true);
  const start = place();
  for (let n = 1; n <= answers.length; n++) {
    const next = answers[(start + direction * n + answers.length * n) % answers.length];
    if (!open || next.state === "open") {
      say("");
      return show(next.id);
    }
  }
  return say("Every answer is marked.");
}

async function send(id, body, before) {
  const reply = await ask(id, body);
  fill(reply.answer);
  if (!reply.refused) saved.push({ id, before, version: reply.answer.version });
  return !reply.refused;
}

async function save() {
  if (dirty() || shown.state === "open") {
    const mine = read();
    if (Number.isNaN(mine.score)) return say("The score is no number.", true);
    const wanted = { version: shown.version, ...mine };
    const before = shown.back;
    if (!(await send(shown.id, wanted, before))) {
      const yours = told(mine.score === null ? sum(mine.shares) : mine.score);
      const what = shown.state === "open" ? "The answer has changed" : `Another person marked this answer, ${told(shown.back.score)}`;
      return say(`${what}. Your mark (${yours}) was not saved; n leads to the next answer.`, true);
    }
  }
  return move(1, true);
}

async function undo() {
  if (dirty()) {
    choose(shown.choice);
    return say("Your changes are taken back.");
  }
  const last = saved.pop();
  if (!last) return say("There is nothing to undo.");
  const reply = await ask(last.id, { version: last.version, back: last.before });
  fill(reply.answer);
  if (reply.refused) return say(`Not undone: another person marked this answer since, ${told(shown.back.score)}.`, true);
  return say("Undone.");
}

// ---- keys and clicks -------------------------------------------------------------------------------------------------

const KEYS = {
  n: () => move(1, true),
  p: () => move(-1, true),
  ArrowRight: () => move(1, false),
  ArrowLeft: () => move(-1, false),
  u: undo,
  Enter: save,
  a: () => setShares(steps.map(() => 1)),
  0: () => (steps.length ? setShares(steps.map(() => 0)) : (score.value = "0")),
  c: () => comment.focus(),
  s: () => score.select(),
};

const ALWAYS = ["n", "p", "ArrowRight", "ArrowLeft", "u"]; // also after a refusal

function taskOf(event) {
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
  if (digit && event.shiftKey) return turns[digit[1] - 1] && (() => toggleTurn(digit[1] - 1));
  if (/^[1-9]$/.test(event.key)) return steps[event.key - 1] && (() => toggleStep(event.key - 1));
  return Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : undefined;
}

// A letter that was typed before the field had the focus, as while the server answers.
function typed(field, event) {
  const letter = event.key === "Enter" ? "\n" : event.key;
  if (letter.length === 1) field.setRangeText(letter, field.selectionStart, field.selectionEnd, "end");
}

document.addEventListener("keydown", (event) => {
  const command = event.ctrlKey || event.metaKey || event.altKey;
  const saves = (field) => event.key === "Enter" && (field === score || command);
  const field = event.target.closest("input, textarea");
  if (event.key === "Escape") {
    if (field) field.blur();
    return later(() => locked && say(""));
  }
  if (field ? !saves(field) : command && !saves(comment)) return undefined;
  if (event.key === "Enter" && event.target.closest("a, summary")) return undefined;
  const task = taskOf(event);
  if (task === undefined && !(waiting && event.key.length === 1)) return undefined;
  event.preventDefault();
  if (field) field.blur();
  later(() => {
    if (locked && !ALWAYS.includes(event.key)) return undefined;
    const focus = [score, comment].find((one) => one === document.activeElement);
    if (focus && !saves(focus)) return typed(focus, event);
    document.activeElement.blur();
    return shown && task && task();
  });
  return undefined;
});

const clicked = (task) => later(() => say("") || task()); // a click is meant for what is seen
steps.forEach((step, n) => step.addEventListener("click", () => clicked(() => toggleStep(n))));
turns.forEach((turn, n) => turn.addEventListener("click", () => clicked(() => toggleTurn(n))));
by("mark").addEventListener("submit", (event) => {
  event.preventDefault();
  clicked(save);
});
by("go").addEventListener("change", () =>
  later(() => {
    const there = answers[by("go").value - 1];
    if (!there || dirty()) return say(there ? "Not saved yet: Enter saves." : "There is no such submission.", true);
    return show(there.id);
  }),
);
addEventListener("beforeunload", (event) => dirty() && event.preventDefault());

later(async () => {
  await ask();
  const first = answers.find((answer) => answer.state === "open") || answers[0];
  await show(first.id);
});
