"use strict";

// Tables: a click on a heading sorts by its column; what has no number comes last.
function worth(row, column) {
  const cell = row.cells[column];
  const number = cell.matches("[data-value]") ? cell : cell.querySelector("[data-value]");
  return number ? Number(number.dataset.value) : cell.textContent.trim();
}

function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return typeof a === "number" ? a - b : a.localeCompare(b);
}

function sort(table, heading, column) {
  const down = heading.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map(row => [worth(row, column), row]);
  rows.sort(([a], [b]) => (down && typeof a === typeof b ? compare(b, a) : compare(a, b)));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    const button = document.createElement("button");
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, heading, column));
    heading.append(button);
  });
}

// Figures: what belongs to a method that is not ticked is hidden.
const hidden = new Set();
for (const box of document.querySelectorAll("input[data-series]")) {
  box.hidden = false;
  box.addEventListener("change", () => {
    for (const key of box.dataset.series.split(" ")) box.checked ? hidden.delete(key) : hidden.add(key);
    for (const part of document.querySelectorAll("[data-of]")) {
      part.classList.toggle("off", part.dataset.of.split(" ").some(key => hidden.has(key)));
    }
  });
}

// Data: the block at the end of this page as a file.
const data = document.getElementById("data");
const link = document.getElementById("download");
link.href = URL.createObjectURL(new Blob([data.textContent], { type: "application/json" }));
link.download = data.dataset.file;
link.hidden = false;
