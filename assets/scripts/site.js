// All that our own script does: say that a swap is under way, and read the new count aloud.
document.addEventListener("htmx:before:request", () => {
  document.querySelector("#results")?.setAttribute("aria-busy", "true");
});
document.addEventListener("htmx:finally:request", () => {
  document.querySelector("#results")?.removeAttribute("aria-busy");
});
document.addEventListener("htmx:after:swap", () => {
  const said = document.querySelector("#said");
  const count = document.querySelector("#count");
  if (said && count) said.textContent = count.textContent;
});
