/** Columns of a sortable table sort by a button in their head; the first click puts the largest first. */
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (table.tBodies[0].rows[0]?.cells[column].dataset.sort === undefined) return;
    const button = element("button", { type: "button" }, head.textContent);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const isFalling = head.getAttribute("aria-sort") !== "descending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isFalling ? "descending" : "ascending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => compare(a.cells[column].dataset.sort, b.cells[column].dataset.sort));
      if (isFalling) rows.reverse();
      table.tBodies[0].append(...rows);
    });
  });
}

/** Numbers by value, text by letters, what is missing first. */
function compare(a, b) {
  const numbers = [Number(a), Number(b)];
  if (a === "" || b === "" || numbers.some(Number.isNaN)) return a.localeCompare(b);
  return numbers[0] - numbers[1];
}
