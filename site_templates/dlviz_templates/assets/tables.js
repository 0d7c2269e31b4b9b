/* Tables that can be sorted, filtered and searched. Without this script they are plain tables, complete and in order. */
(function () {
  "use strict";

  function enhance(root) {
    root.querySelectorAll("[data-dlviz-table]").forEach(function (box) {
      if (box.dlvizReady) return;
      box.dlvizReady = true;
      makeSortable(box.querySelector("table"));
      makeFilter(box);
    });
  }

  /* --- sort --- */

  function makeSortable(table) {
    table.querySelectorAll("thead th:not([data-dlviz-unsorted])").forEach(function (header) {
      var button = document.createElement("button");
      button.type = "button";
      button.className = "dlviz-sort";
      while (header.firstChild) button.appendChild(header.firstChild);
      header.appendChild(button);
      button.addEventListener("click", function () { sort(table, header); });
    });
  }

  function sort(table, header) {
    var column = header.cellIndex;
    var numeric = header.classList.contains("dlviz-number");
    var now = header.getAttribute("aria-sort");
    // Numbers are mostly looked at from the top; ↓ says that less is better.
    var first = numeric && header.textContent.indexOf("↓") < 0 ? "descending" : "ascending";
    var order = !now ? first : now === "ascending" ? "descending" : "ascending";
    table.querySelectorAll("th[aria-sort]").forEach(function (th) { th.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", order);
    var body = table.tBodies[0];
    var keyed = Array.prototype.map.call(body.rows, function (row) {
      return { row: row, key: key(row.cells[column], numeric) };
    });
    var sign = order === "ascending" ? 1 : -1;
    keyed.sort(function (a, b) {
      // What was not recorded stands last either way.
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
      return sign * (numeric ? a.key - b.key : compare(a.key, b.key));
    });
    var all = document.createDocumentFragment();
    keyed.forEach(function (one) { all.appendChild(one.row); });
    body.appendChild(all);
  }

  function key(cell, numeric) {
    var told = cell.getAttribute("data-sort");
    if (!numeric) return (told === null ? cell.textContent : told).trim();
    if (told === null || told === "") return null;
    var value = Number(told.replace("inf", "Infinity"));
    return isNaN(value) ? null : value;
  }

  var collator = null; // made when it is needed: it takes longer than all else here

  function compare(a, b) {
    collator = collator || new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
    return collator.compare(a, b);
  }

  /* --- filter: words all have to be there; of the chips of one kind, one has to --- */

  function makeFilter(box) {
    var bar = box.querySelector(".dlviz-filter");
    if (!bar) return;
    var input = bar.querySelector("input");
    var output = bar.querySelector("output");
    var chips = Array.prototype.slice.call(bar.querySelectorAll("[data-dlviz-chip]"));
    var rows = null;

    function index() {
      return Array.prototype.map.call(box.querySelector("tbody").rows, function (row) {
        var chipsOfRow = (row.getAttribute("data-dlviz-chips") || "").split(" ");
        return { row: row, text: row.textContent.toLowerCase(), chips: new Set(chipsOfRow) };
      });
    }

    function apply() {
      rows = rows || index();
      var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      var kinds = {};
      chips.forEach(function (chip) {
        if (chip.getAttribute("aria-pressed") !== "true") return;
        (kinds[chip.className] = kinds[chip.className] || []).push(chip.getAttribute("data-dlviz-chip"));
      });
      var shown = 0;
      rows.forEach(function (one) {
        var fits = words.every(function (word) { return one.text.indexOf(word) >= 0; }) &&
          Object.keys(kinds).every(function (kind) {
            return kinds[kind].some(function (chip) { return one.chips.has(chip); });
          });
        if (one.row.hidden === fits) one.row.hidden = !fits;
        shown += fits;
      });
      output.textContent = shown === rows.length ? "" : shown + " of " + rows.length;
    }

    var pending = 0;
    input.addEventListener("input", function () {
      cancelAnimationFrame(pending);
      pending = requestAnimationFrame(apply);
    });
    chips.forEach(function (chip) {
      chip.addEventListener("click", function () {
        chip.setAttribute("aria-pressed", String(chip.getAttribute("aria-pressed") !== "true"));
        apply();
      });
    });
    bar.hidden = false;
    if (input.value) apply(); // the browser kept it over a reload
  }

  /* Material swaps pages under instant navigation and tells by `document$`; elsewhere a page loads once. */
  function start() { enhance(document); }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
  if (window.document$) window.document$.subscribe(start);
})();
