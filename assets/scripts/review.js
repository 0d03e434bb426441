// The review queue by keyboard. One key answers, unless a field has the focus or the reader switched that off.
const kept = "review-keys";
const on = () => localStorage.getItem(kept) !== "off";

function ready() {
  document.documentElement.classList.toggle("keyed", on());
  const keys = document.querySelector("#keys");
  if (!keys) return;
  keys.closest("[hidden]")?.removeAttribute("hidden");
  keys.checked = on();
  keys.addEventListener("change", () => {
    localStorage.setItem(kept, keys.checked ? "on" : "off");
    document.documentElement.classList.toggle("keyed", on());
  });
}

// In the list of relations: 1 to 4 chooses and answers, Enter answers, Escape goes back to the question.
function relate(event) {
  const list = event.target;
  const answer = list.form.querySelector("[value=related]");
  const chosen = list.options[Number(event.key) - 1];
  if (event.key === "Escape") document.querySelector("#question").focus({ preventScroll: true });
  else if (event.key === "Enter") answer.click();
  else if (chosen) {
    list.value = chosen.value;
    answer.click();
  } else return;
  event.preventDefault();
}

document.addEventListener("keydown", (event) => {
  if (event.target.id === "relation" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.repeat) {
    relate(event);
    return;
  }
  const typing = event.target.closest("select, textarea, input:not([type=checkbox])");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || !on()) return;
  const wanted = document.querySelector(`#review [data-key~="${CSS.escape(event.key)}"]`);
  if (!wanted || !/^[a-z]$/.test(event.key)) return;
  event.preventDefault();
  if (wanted.matches("select")) wanted.focus();
  else wanted.click();
});

document.addEventListener("htmx:before:request", () => {
  document.querySelector("#review")?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:finally:request", () => {
  document.querySelector("#review")?.removeAttribute("aria-busy");
});
// After an answer: read out what was said and what is asked next, and go on from there.
function goOn() {
  const question = document.querySelector("#question");
  const done = document.querySelector(".done p");
  const said = document.querySelector("#said");
  if (said) said.textContent = [done, question].map((each) => each?.textContent.trim() ?? "").join(" ");
  question?.focus({ preventScroll: true });
  document.querySelector("#review")?.scrollIntoView({ block: "start" });
}

document.addEventListener("htmx:after:swap", () => {
  ready();
  goOn();
});

ready();
if (document.querySelector(".done")) goOn(); // the answer was sent as a whole page
