"use strict";
// Filters the ledger by paper, verdict and number of seeds; the address keeps the choice, so that it can be linked to.

(() => {
  const form = document.getElementById("ledger-filter");
  const rows = [...document.querySelectorAll("#ledger > tbody > tr")];
  const asked = new URLSearchParams(window.location.search);

  for (const name of ["paper", "verdict", "seeds"]) {
    if (asked.has(name)) {
      form.elements[name].value = asked.get(name);
    }
  }

  function show() {
    const { paper, verdict, seeds } = Object.fromEntries(new FormData(form));
    let count = 0;
    for (const row of rows) {
      const fits =
        (!paper || row.dataset.paper === paper) &&
        (!verdict || row.dataset.verdict === verdict) &&
        Number(row.dataset.seeds) >= Number(seeds);
      row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    form.querySelector("output").textContent = `${count} of ${rows.length} claims`;
  }

  form.addEventListener("input", show);
  form.addEventListener("change", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
})();
