// The body chart: places become buttons, and every mark is a row of the list below, so that both are in step.
// The rows keep themselves (chart-keep.js), as the note's chart does.
(() => {
  const APART = 8.4;
  const NEAR = 14;
  const COLOURS = ["avoid", "pain", "spasm", "numbness", "trigger_point", "scar", "technique"];
  const SVG = "http://www.w3.org/2000/svg";
  const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

  function bodyChart(chart) {
    const form = chart.querySelector("[data-body-form]");
    const rows = form.querySelector("[data-rows]");
    const says = chart.querySelector("[data-body-says]");
    const state = chart.querySelector("[data-body-state]");
    const nowhere = chart.querySelector("[data-body-nowhere]");
    const seen = form.querySelector("input[name=seen]");
    const save = chart.querySelector("[data-body-save]");
    const total = form.querySelector("input[name=mark-TOTAL_FORMS]");
    const layers = [...chart.querySelectorAll("input[name=body-layer]")];
    const ratings = [...chart.querySelectorAll("input[name=body-rating]")];
    const names = new Map();
    const labels = new Map();
    const parts = new Map();
    for (const option of form.querySelectorAll("datalist option")) {
      const name = option.dataset.name || "nowhere";
      names.set(option.value.toLowerCase(), name);
      labels.set(name, option.value);
      if (option.dataset.parent) parts.set(option.dataset.parent, [...(parts.get(option.dataset.parent) || []), name]);
    }
    const places = [...chart.querySelectorAll("[data-place]")];

    // -- Rows: what they say ---------------------------------------------------------------------------

    const field = (row, name) => row.querySelector(`[name$="-${name}"]`);
    const all = () => [...rows.querySelectorAll("[data-body-row]")];

    function read(row) {
      const said = field(row, "region").value.trim();
      const rating = field(row, "intensity").value;
      return {
        row,
        off: row.querySelector("[data-remove]").checked,
        layer: field(row, "layer").value,
        region: labels.has(said) ? said : names.get(said.replace(/\s+/g, " ").toLowerCase()),
        rating: rating === "" ? null : Number(rating),
      };
    }

    const marks = () => all().map(read).filter((mark) => !mark.off && mark.layer && mark.region);
    const drawn = (region) => parts.get(region) || [region];
    const chosen = () => layers.find((one) => one.checked);
    const rated = (layer) => layers.find((one) => one.value === layer)?.dataset.rated !== undefined;
    const rating = () => ratings.find((one) => one.checked).value;

    function oneMore() {
      const holder = document.createElement("div");
      holder.innerHTML = form.querySelector("template").innerHTML.replaceAll("__prefix__", total.value);
      const row = holder.firstElementChild;
      rows.append(row);
      total.value = Number(total.value) + 1;
      return row;
    }

    function ensureRow(kind, index) {
      while (Number(total.value) <= index) oneMore();
    }

    function add(layer, region, value) {
      const blank = all().find((row) => {
        const mark = read(row);
        return !mark.off && !mark.layer && !field(row, "region").value && !field(row, "remark").value;
      });
      const row = blank || oneMore();
      if (layer) {
        field(row, "layer").value = layer;
        field(row, "region").value = labels.get(region);
        field(row, "intensity").value = value;
      }
      return row;
    }

    function take(mark) {
      mark.row.querySelector("[data-remove]").checked = true;
    }

    // -- Marking ---------------------------------------------------------------------------------------

    function toggle(region, value = rating()) {
      const layer = chosen().value;
      const here = marks().filter((mark) => mark.layer === layer && drawn(mark.region).includes(region));
      if (here.length) return unmark(region, layer, here);
      for (const mark of marks()) if (mark.layer === layer && mark.region === "nowhere") take(mark);
      add(layer, region, rated(layer) ? value : "");
      tell(`${chosen().dataset.label}${rated(layer) && value ? ` ${value}` : ""}: ${labels.get(region)}`);
      changed();
    }

    // Off a coarse place its other parts stay marked.
    function unmark(region, layer, here) {
      for (const mark of here) {
        take(mark);
        for (const other of drawn(mark.region)) if (other !== region) add(layer, other, mark.rating ?? "");
      }
      tell(`Taken off: ${labels.get(region)}`);
      changed();
    }

    function rate(region, value) {
      const layer = chosen().value;
      if (!rated(layer)) return;
      ratings.find((one) => one.value === value).checked = true;
      const here = marks().find((mark) => mark.layer === layer && mark.region === region);
      if (!here) return;
      field(here.row, "intensity").value = value;
      tell(`${chosen().dataset.label} ${value}: ${labels.get(region)}`);
      changed();
    }

    function nowhereAtAll() {
      const layer = chosen().value;
      const here = marks().filter((mark) => mark.layer === layer);
      const was = here.find((mark) => mark.region === "nowhere");
      if (!was && here.length) {
        tell(`${chosen().dataset.label} is marked: take the marks off first.`, true);
        return;
      }
      if (was) take(was);
      else add(layer, "nowhere", "");
      tell(`${chosen().dataset.label}: ${was ? "not asked" : "nowhere"}`);
      changed();
    }

    function tell(words, shown) {
      says.textContent = words;
      if (shown) keeper.say(words, "warn");
    }

    // -- Drawing ---------------------------------------------------------------------------------------

    function atPlaces() {
      const found = new Map();
      for (const mark of marks()) {
        if (mark.region === "nowhere" || mark.rating === 0) continue;
        for (const place of drawn(mark.region)) {
          const here = found.get(place) || new Map();
          const known = here.get(mark.layer);
          if (!known || (mark.rating ?? 0) > (known.rating ?? 0)) here.set(mark.layer, mark);
          found.set(place, here);
        }
      }
      return found;
    }

    const depth = (value) => (value === null ? 3 : Math.max(1, Math.ceil(value / 2)));

    function draw() {
      const layer = chosen().value;
      const found = atPlaces();
      for (const signs of chart.querySelectorAll("[data-signs]")) signs.replaceChildren();
      for (const path of places) {
        const here = [...(found.get(path.dataset.place)?.values() || [])];
        here.sort((a, b) => COLOURS.indexOf(a.layer) - COLOURS.indexOf(b.layer));
        const first = here.find((mark) => mark.layer === layer) || here[0];
        if (first) {
          path.dataset.layer = first.layer;
          path.dataset.level = depth(first.rating);
        } else {
          delete path.dataset.layer;
          delete path.dataset.level;
        }
        const words = here.map((mark) => {
          const label = layers.find((one) => one.value === mark.layer).dataset.label;
          return mark.rating === null ? label : `${label} ${mark.rating}`;
        });
        const label = labels.get(path.dataset.place);
        const name = words.length ? `${label}: ${words.join(", ")}` : label;
        path.setAttribute("aria-label", name);
        path.querySelector("title").textContent = name;
        path.setAttribute("aria-pressed", String(here.some((mark) => mark.layer === layer)));
        const signs = path.closest("svg").querySelector("[data-signs]");
        here.forEach((mark, n) => {
          const use = document.createElementNS(SVG, "use");
          use.setAttribute("href", `#bs-${mark.layer}`);
          use.setAttribute("data-sign", mark.layer);
          use.setAttribute("x", Number(path.dataset.x) + APART * (n - (here.length - 1) / 2));
          use.setAttribute("y", path.dataset.y);
          signs.append(use);
        });
      }
      for (const row of all()) {
        const what = field(row, "layer").value;
        const blank = !what && !field(row, "region").value && !field(row, "remark").value;
        row.hidden = row.querySelector("[data-remove]").checked || (blank && row.dataset.open === undefined);
        field(row, "intensity").readOnly = Boolean(what) && !rated(what);
      }
      const none = marks().some((mark) => mark.layer === layer && mark.region === "nowhere");
      nowhere.setAttribute("aria-pressed", String(none));
      nowhere.querySelector("span").textContent = `${chosen().dataset.label}: asked, nowhere`;
      chart.querySelector("[data-body-rating]").disabled = !rated(layer);
    }

    // -- Keys ------------------------------------------------------------------------------------------

    const at = (path) => [Number(path.dataset.x), Number(path.dataset.y)];
    const siblings = (path) => places.filter((one) => one.closest("svg") === path.closest("svg"));

    function stand(path) {
      for (const one of siblings(path)) one.setAttribute("tabindex", one === path ? "0" : "-1");
    }

    // The nearest place that way; what lies aside counts double.
    function neighbour(path, [dx, dy]) {
      const [x, y] = at(path);
      let best = null;
      let least = Infinity;
      for (const one of siblings(path)) {
        const [ox, oy] = at(one);
        const along = (ox - x) * dx + (oy - y) * dy;
        const aside = Math.abs((ox - x) * dy) + Math.abs((oy - y) * dx);
        if (one === path || along <= 0.5 || aside > 2.5 * along + 2) continue;
        if (along + 2 * aside < least) [best, least] = [one, along + 2 * aside];
      }
      return best;
    }

    function onKey(event) {
      const path = event.target.closest("[data-place]");
      if (!path || event.ctrlKey || event.metaKey || event.altKey) return;
      const letter = layers.find((one) => one.dataset.key === event.key.toLowerCase());
      if (ARROWS[event.key]) {
        const next = neighbour(path, ARROWS[event.key]);
        if (next) {
          stand(next);
          next.focus();
        }
      } else if (event.key === "Enter" || event.key === " ") toggle(path.dataset.place);
      else if (event.key === "Delete" || event.key === "Backspace") {
        const layer = chosen().value;
        const here = marks().filter((mark) => mark.layer === layer && drawn(mark.region).includes(path.dataset.place));
        if (here.length) unmark(path.dataset.place, layer, here);
      } else if (/^[0-9]$/.test(event.key)) rate(path.dataset.place, event.key);
      else if (letter) {
        letter.checked = true;
        tell(letter.dataset.label);
        draw();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    // A finger that misses a small place means the nearest one.
    function onClick(event) {
      const svg = event.target.closest("svg.body-drawing");
      if (!svg) return;
      let path = event.target.closest("[data-place]");
      if (!path) {
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        let least = NEAR;
        for (const one of svg.querySelectorAll("[data-place]")) {
          const [x, y] = at(one);
          const far = Math.hypot(x - point.x, y - point.y);
          if (far < least) [path, least] = [one, far];
        }
      }
      if (!path) return;
      stand(path);
      path.focus({ preventScroll: true });
      toggle(path.dataset.place);
    }

    // -- Saving ----------------------------------------------------------------------------------------

    const keeper = window.TonusChart.keeper({
      form,
      url: chart.dataset.autosave,
      copyName: chart.dataset.copyName,
      copyKey: chart.dataset.copyKey,
      state,
      base: seen,
      pause: 1500,
      done: "marked",
      late() {
        save.hidden = false;
        return "Press Save the body chart to add what you marked to it.";
      },
      accept: (kept) => kept.seen,
      restore(kept) {
        window.TonusChart.pour(form, kept.fields, { kinds: ["mark"], ensureRow, rows: "[data-body-row]" });
        draw();
      },
      async conflict(answer) {
        choose(await answer.json());
        return "Not saved: marked in another window. Choose above.";
      },
    });

    function changed() {
      draw();
      keeper.touched();
    }

    // Both versions are shown; keeping one's own goes on from the stored chart.
    function choose(said) {
      const box = chart.querySelector("[data-body-conflict]");
      const line = (title, words) => {
        const p = document.createElement("p");
        const strong = document.createElement("strong");
        strong.textContent = `${title}: `;
        p.append(strong, words.join("; ") || "nothing");
        return p;
      };
      const button = (words, act) => {
        const one = document.createElement("button");
        one.type = "button";
        one.className = "btn btn-outline-secondary btn-sm me-2";
        one.textContent = words;
        one.addEventListener("click", act);
        return one;
      };
      const alert = document.createElement("div");
      alert.className = "alert alert-warning";
      alert.append(
        line("Marked in another window", said.theirs),
        line("Yours", said.mine),
        button("Keep mine", () => {
          box.replaceChildren();
          keeper.keepMine(said.seen);
        }),
        button("Take the stored one", () => {
          keeper.abandon();
          window.location.reload();
        }),
      );
      box.replaceChildren(alert);
    }

    // -- Arranged --------------------------------------------------------------------------------------

    chart.querySelector("[data-body-tools]").hidden = false;
    chart.querySelector("[data-body-help]").hidden = false;
    save.hidden = true;
    const more = chart.querySelector("[data-body-add]");
    more.hidden = false;
    more.addEventListener("click", () => {
      const row = add();
      row.dataset.open = "";
      row.hidden = false;
      field(row, "layer").focus();
    });
    for (const svg of chart.querySelectorAll("svg.body-drawing")) svg.setAttribute("role", "group");
    for (const path of places) {
      path.setAttribute("role", "button");
      path.setAttribute("tabindex", "-1");
    }
    for (const svg of chart.querySelectorAll("svg.body-drawing")) stand(svg.querySelector("[data-place]"));
    chart.querySelector("[data-body-figures]").addEventListener("keydown", onKey);
    chart.querySelector("[data-body-figures]").addEventListener("click", onClick);
    nowhere.addEventListener("click", nowhereAtAll);
    chart.querySelector("[data-body-tools]").addEventListener("change", draw);
    form.addEventListener("input", changed);
    const refilled = () => {
      draw();
      keeper.refilled();
    };
    form.addEventListener("tonus:refilled", refilled);
    if (form.dataset.dirty) refilled();
    form.addEventListener("submit", async (event) => {
      if (keeper.stopped === "signed") return keeper.leave();
      event.preventDefault();
      await keeper.flush();
      await window.TonusChart.again(form);
    });
    // Whatever leaves this page by a form of it waits until the chart is saved: a signature vouches for it as well.
    document.addEventListener(
      "submit",
      async (event) => {
        if (!chart.isConnected || event.target === form) return;
        if (keeper.stopped ? keeper.stopped !== "conflict" : !keeper.busy) return;
        event.preventDefault();
        event.stopImmediatePropagation();
        const leaver = event.target;
        const button = event.submitter;
        const stored = await keeper.flush();
        // The page keeps buttons from being pressed twice; this is the first time that one goes through.
        await window.TonusChart.again(leaver);
        if (stored) leaver.requestSubmit(button);
        else chart.scrollIntoView({ block: "start" });
      },
      true,
    );
    draw();
  }

  function find(within) {
    for (const chart of within.querySelectorAll("[data-body]:not([data-ready])")) {
      chart.dataset.ready = "";
      bodyChart(chart);
    }
  }

  find(document);
  document.addEventListener("htmx:load", () => find(document));
})();
