extension ReportPage {
  /// Sorting and filtering of the categories' table; all else works without.
  static let script = """
    "use strict";
    for (const table of document.querySelectorAll("table.sortable")) {
      const body = table.tBodies[0];
      const headers = [...table.tHead.rows[0].cells];
      headers.forEach((header, column) => {
        const isNumber = "number" in header.dataset;
        const value = row => {
          const text = row.cells[column].textContent;
          if (!isNumber) return text;
          const number = parseFloat(text);
          return Number.isNaN(number) ? -1 : number;
        };
        const button = document.createElement("button");
        button.type = "button";
        button.append(...header.childNodes);
        header.append(button);
        header.setAttribute("aria-sort", "none");
        button.addEventListener("click", () => {
          const before = header.getAttribute("aria-sort");
          const order = before === "none"
            ? (isNumber ? "descending" : "ascending")
            : (before === "ascending" ? "descending" : "ascending");
          for (const other of headers) other.setAttribute("aria-sort", "none");
          header.setAttribute("aria-sort", order);
          const sign = order === "ascending" ? 1 : -1;
          const compare = isNumber
            ? (a, b) => sign * (value(a) - value(b))
            : (a, b) => sign * value(a).localeCompare(value(b));
          body.append(...[...body.rows].sort(compare));
        });
      });
      const form = table.closest("section").querySelector("form.filter");
      const place = name => headers.findIndex(header => header.textContent === name);
      const filter = () => {
        const name = form.elements.name.value.toLowerCase();
        const choices = [...form.querySelectorAll("select")].filter(select => select.value !== "");
        let shown = 0;
        for (const row of body.rows) {
          row.hidden = !row.cells[0].textContent.toLowerCase().includes(name)
            || choices.some(select => row.cells[place(select.name)].textContent !== select.value);
          if (!row.hidden) shown += 1;
        }
        form.querySelector("output").textContent = shown + " of " + body.rows.length + " categories";
      };
      form.hidden = false;
      form.addEventListener("input", filter);
      form.addEventListener("submit", event => event.preventDefault());
      filter();
    }

    """
}
