
"use strict";
const search = document.getElementById("search"), body = document.getElementById("rows"), shown = document.getElementById("shown");
const clear = document.getElementById("clear"), rows = [...body.rows], filters = [...document.querySelectorAll("[data-filter]")];
document.getElementById("tools").hidden = false;

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const marks = filters.filter(f => f.getAttribute("aria-pressed") === "true").map(f => f.dataset.filter);
  const kinds = marks.filter(m => m.startsWith("kind:")), others = marks.filter(m => !m.startsWith("kind:"));
  let count = 0;
  for (const row of rows) {
    const own = row.dataset.marks.split(" ");
    const hit = words.every(w => row.dataset.text.includes(w)) && others.every(m => own.includes(m)) && (!kinds.length || kinds.some(k => own.includes(k)));
    row.hidden = !hit;
    count += hit;
  }
  shown.textContent = count + " of " + rows.length;
  clear.hidden = !words.length && !marks.length;
}

function all() {
  search.value = "";
  for (const f of filters) f.setAttribute("aria-pressed", "false");
  show();
}

let timer = 0;
search.addEventListener("input", rows.length < 1000 ? show : () => { clearTimeout(timer); timer = setTimeout(show, 150); });
clear.addEventListener("click", () => { all(); search.focus(); });
for (const filter of filters) filter.addEventListener("click", () => {
  filter.setAttribute("aria-pressed", String(filter.getAttribute("aria-pressed") !== "true"));
  show();
});
document.addEventListener("keydown", e => {
  if (e.key === "/" && document.activeElement !== search && !e.ctrlKey && !e.metaKey) { e.preventDefault(); search.focus(); }
  if (e.key === "Escape" && (document.activeElement === search || document.activeElement === document.body)) all();
});

// A link to a row shows the row, also where a filter hides it.
function go() {
  for (const row of rows) row.classList.remove("here");
  const row = rows.find(r => "#" + r.id === location.hash);
  if (!row) return;
  if (row.hidden) all();
  row.classList.add("here");
  row.focus({ preventScroll: true });
  row.scrollIntoView({ block: "center" });
}
addEventListener("hashchange", go);
document.addEventListener("click", e => { const link = e.target.closest("a[href]"); if (link && link.getAttribute("href") === location.hash) go(); });
if (location.hash) go();

document.querySelectorAll("th").forEach((head, column) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") === "ascending";
    document.querySelectorAll("th").forEach(h => h.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const text = r => r.cells[column].textContent.trim().toLowerCase();
    rows.sort((a, b) => (down ? -1 : 1) * text(a).localeCompare(text(b), "en", { numeric: true }));
    body.append(...rows);
  });
});

// What an entry leads to, and what leads to it, stands out while the pointer or the focus is on it.
const svg = document.querySelector("svg");
if (svg) {
  const lines = [...svg.querySelectorAll("path")].map(p => [p, p.dataset.from, p.dataset.to]);
  const boxes = [...svg.querySelectorAll("[data-node]")];
  const reach = (start, from, to) => {
    const seen = new Set([start]), todo = [start], hit = new Set();
    while (todo.length) { const here = todo.pop(); for (const l of lines) if (l[from] === here) { hit.add(l[0]); if (!seen.has(l[to])) { seen.add(l[to]); todo.push(l[to]); } } }
    return [seen, hit];
  };
  const light = node => {
    const [down, a] = reach(node, 1, 2), [up, b] = reach(node, 2, 1);
    for (const box of boxes) box.classList.toggle("on", down.has(box.dataset.node) || up.has(box.dataset.node));
    for (const l of lines) l[0].classList.toggle("on", a.has(l[0]) || b.has(l[0]));
    svg.classList.add("lit");
  };
  for (const box of boxes) {
    for (const on of ["mouseenter", "focus"]) box.addEventListener(on, () => light(box.dataset.node));
    for (const off of ["mouseleave", "blur"]) box.addEventListener(off, () => svg.classList.remove("lit"));
  }
}
