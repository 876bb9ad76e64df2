
"use strict";
(() => {
  const table = document.getElementById("functions");
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const headers = Array.from(table.tHead.rows[0].cells);
  const control = (id) => document.getElementById(id);
  const [text, scope, kind, access, order] = ["text", "scope", "kind", "access", "order"].map(control);
  const unique = (values) => Array.from(new Set(values)).sort();
  const addOptions = (select, values) => values.forEach((value) => select.add(new Option(value, value)));

  addOptions(scope, headers.map((header) => header.dataset.scope).filter(Boolean));
  scope.add(new Option("(none)", " "));
  addOptions(kind, unique(rows.map((row) => row.dataset.kind)));
  addOptions(access, unique(rows.map((row) => row.dataset.access)));
  const searched = new Map(rows.map((row) => {
    const cells = Array.from(row.cells).slice(0, 4);
    return [row, cells.map((cell) => cell.textContent).join(" ").toLowerCase()];
  }));

  function filter() {
    const words = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const scopes = row.dataset.scopes;
      const hasScope = scope.value === "" || (scope.value === " " ? scopes === "" : scopes.split(" ").includes(scope.value));
      const visible = hasScope
        && (kind.value === "" || row.dataset.kind === kind.value)
        && (access.value === "" || row.dataset.access === access.value)
        && words.every((word) => searched.get(row).includes(word));
      row.hidden = !visible;
      if (visible) shown += 1;
    }
    control("count").textContent = `${shown} of ${rows.length} functions`;
  }

  // In the order of a scope: required, in an alternative, implied, not named.
  function key(row, column) {
    const cell = row.cells[column];
    if (!headers[column].dataset.scope) return cell.textContent;
    if (cell.querySelector(".required")) return "0";
    if (cell.querySelector(".number")) return "1" + cell.textContent;
    return cell.querySelector(".mark") ? "2" + cell.textContent : "3";
  }

  function sort(column, descending) {
    const sign = descending ? -1 : 1;
    const compare = new Intl.Collator("en", { numeric: true }).compare;
    const sorted = rows.slice().sort((a, b) => sign * compare(key(a, column), key(b, column)));
    body.append(...sorted);
    headers.forEach((header, index) => {
      header.setAttribute("aria-sort", index === column ? (descending ? "descending" : "ascending") : "none");
    });
    order.value = String(column);
  }

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    header.setAttribute("aria-sort", column === 0 ? "ascending" : "none");
    button.addEventListener("click", () => sort(column, header.getAttribute("aria-sort") === "ascending"));
    order.add(new Option(header.dataset.scope || header.textContent, String(column)));
  });
  order.addEventListener("change", () => sort(Number(order.value), false));
  [text, scope, kind, access].forEach((input) => input.addEventListener("input", filter));
  control("reset").addEventListener("click", () => {
    text.value = scope.value = kind.value = access.value = "";
    sort(0, false);
    filter();
    text.focus();
  });
  control("filters").hidden = false;
  filter();
})();
