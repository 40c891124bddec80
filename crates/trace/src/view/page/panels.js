// The tables beside the list. Each shows a bounded number of rows, and says how many more there are.

const MOST_ROWS = 200;

const quoted = (text) => (/[\s"]/.test(text) ? `"${text.replaceAll('"', "")}"` : text);

/** A table; a column is `{name, text(row), className, sort(row)}`. */
function table(columns, rows, act) {
  const head = element("tr", {}, ...columns.map((column) => element("th", { scope: "col", className: column.className || "", title: column.title || "" }, column.name)));
  const body = rows.slice(0, MOST_ROWS).map((row) => {
    const line = element("tr", { tabIndex: 0 }, ...columns.map((column) => {
      const content = column.text(row);
      return element("td", { className: column.className || "" }, ...(Array.isArray(content) ? content : [content]));
    }));
    line.addEventListener("click", () => act(row));
    line.addEventListener("keydown", (event) => { if (event.key === "Enter") act(row); });
    return line;
  });
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  const more = rows.length - MOST_ROWS;
  return more > 0 ? [made, element("p", { className: "more" }, `and ${whole.format(more)} more`)] : [made];
}

const nothing = (text) => [element("p", { className: "nothing" }, text)];

const dot = (group) => element("i", { className: "dot", "data-group": GROUPS[group] });

const functionCell = ({ group, name }) => [element("span", { className: "function", title: name }, dot(group), ...functionParts(name))];

/** A share as a thin bar beneath a number. */
function bar(share) {
  if (share < 0.01) return null;
  const inner = element("i");
  inner.style.width = `${Math.min(100, share * 100)}%`;
  return element("span", { className: "share", "aria-hidden": "true" }, inner);
}

class Panels {
  constructor(view) {
    this.view = view;
    this.tabs = document.getElementById("tabs");
    this.panel = document.getElementById("panel");
    this.sorted = "time";
    this.open = new Set();
    const kinds = [["summary", "Summary"], ["files", "Files & peers"], ["graph", "Graph"], ["slowest", "Slowest"], ["errors", "Errors"], ["refusals", "Refusals"]];
    this.buttons = kinds.map(([kind, label]) => {
      const button = element("button", { type: "button", role: "tab", id: "tab-" + kind, "aria-controls": "panel" }, label, element("span", { className: "badge" }));
      button.addEventListener("click", () => this.show(kind));
      button.addEventListener("keydown", (event) => this.turn(event));
      return button;
    });
    this.kinds = kinds.map(([kind]) => kind);
    this.tabs.append(...this.buttons);
    this.show("summary");
  }

  /** Arrows go from tab to tab. */
  turn(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.stopPropagation();
    const next = (this.kinds.indexOf(this.kind) + by + this.kinds.length) % this.kinds.length;
    this.show(this.kinds[next]);
    this.buttons[next].focus();
  }

  show(kind) {
    this.kind = kind;
    this.buttons.forEach((button, index) => {
      const isShown = this.kinds[index] === kind;
      button.setAttribute("aria-selected", isShown);
      button.tabIndex = isShown ? 0 : -1;
      if (isShown) this.panel.setAttribute("aria-labelledby", button.id);
    });
    this.panel.scrollTop = 0;
    this.draw();
  }

  /** The sums are others now. */
  refresh(totals) {
    this.totals = totals;
    const badge = (kind, count) => {
      const badge = this.buttons[this.kinds.indexOf(kind)].querySelector(".badge");
      badge.textContent = count > 0 ? whole.format(count) : "";
    };
    badge("errors", totals.failed);
    badge("refusals", totals.refused);
    this.draw();
  }

  draw() {
    if (this.totals) this.panel.replaceChildren(...this[this.kind]());
  }

  find(words) {
    this.view.filter(words);
  }

  summary() {
    const { view, totals } = this;
    const { trace } = view;
    const span = view.end - view.start;
    const rows = totals.functions.map((one) => ({ ...one, ...trace.functions[one.index], average: one.time / one.calls }));
    const by = this.sorted;
    rows.sort((a, b) => (by === "name" ? a.name.localeCompare(b.name) : b[by] - a[by]) || b.calls - a.calls);
    for (const row of rows.slice(0, MOST_ROWS)) [row.half, row.late] = [percentile(row, 0.5), percentile(row, 0.99)];
    const time = (ns) => (ns === null ? "" : duration(ns));
    const columns = [
      { name: "call", key: "name", className: "grow", text: (row) => functionCell(row) },
      { name: "calls", key: "calls", className: "number", text: (row) => whole.format(row.calls) },
      { name: "errors", key: "errors", className: "number", text: (row) => [element("span", { className: row.errors ? "error" : "faint" }, row.errors ? whole.format(row.errors) : "–")] },
      { name: "time", key: "time", className: "number", title: "the sum, with its share of what is shown", text: (row) => [duration(row.time), bar(row.time / span)].filter((part) => part) },
      { name: "p50", className: "number", title: "half of the calls took no longer", text: (row) => time(row.half) },
      { name: "p99", className: "number", title: "99 of 100 calls took no longer", text: (row) => time(row.late) },
      { name: "max", key: "most", className: "number", text: (row) => duration(row.most) },
      { name: "bytes", key: "bytes", className: "number", text: (row) => [element("span", { className: row.bytes ? "" : "faint" }, row.bytes ? size(row.bytes) : "–")] },
    ];
    if (rows.length === 0) return nothing("No calls here.");
    const made = table(columns, rows, (row) => this.find(`call:${quoted(row.name)}`));
    made[0].querySelectorAll("th").forEach((cell, index) => this.sortable(cell, columns[index].key));
    return made;
  }

  sortable(cell, key) {
    if (!key) return;
    const button = element("button", { type: "button", title: "Sort by this" }, cell.textContent);
    cell.replaceChildren(button);
    cell.setAttribute("aria-sort", this.sorted === key ? (key === "name" ? "ascending" : "descending") : "none");
    button.addEventListener("click", () => { this.sorted = key; this.draw(); });
  }

  slowest() {
    const { view, totals } = this;
    const { trace } = view;
    if (totals.slowest.length === 0) return nothing("No calls here.");
    const most = trace.took[totals.slowest[0]] || 1;
    const columns = [
      { name: "took", className: "number", text: (i) => [duration(trace.took[i]), bar(trace.took[i] / most)].filter((part) => part) },
      { name: "call", text: (i) => functionCell({ group: trace.group[i], name: trace.name(i) }) },
      { name: "touches", className: "grow path", text: (i) => trace.touched(i)?.path || "" },
      { name: "at, ms", className: "number", text: (i) => milliseconds(trace.at[i]) },
    ];
    return table(columns, totals.slowest, (i) => { view.select(i); view.reveal(i); });
  }

  /** The entries of a map of kinds, the most frequent first. */
  kindsOf(map) {
    const entries = [...map].map(([key, entry]) => ({ ...entry, kind: Math.floor(key / 65536) - 1, call: key % 65536 }));
    return entries.sort((a, b) => b.count - a.count || a.first - b.first);
  }

  errors() {
    const { view, totals } = this;
    const { trace } = view;
    if (totals.failed === 0) return nothing("No call failed.");
    const columns = [
      { name: "times", className: "number", text: (row) => whole.format(row.count) },
      { name: "error", text: (row) => [element("span", { className: "error" }, trace.errors[row.kind].code)] },
      { name: "native", text: (row) => native(trace.errors[row.kind]) },
      { name: "call", text: (row) => functionCell(trace.functions[row.call]) },
      { name: "first of them", className: "grow path", text: (row) => trace.touched(row.first)?.path || "" },
    ];
    return table(columns, this.kindsOf(totals.errors), (row) => {
      this.find(`error:${quoted(trace.errors[row.kind].code)} call:${quoted(trace.functions[row.call].name)}`);
      view.select(row.first);
    });
  }

  refusals() {
    const { view, totals } = this;
    const { trace } = view;
    if (totals.refused === 0) return nothing("No call was refused.");
    const entries = this.kindsOf(totals.refusals);
    const cards = entries.slice(0, MOST_ROWS).map((row) => {
      const { reason, add, rule, why } = trace.refusals[row.kind];
      const path = trace.touched(row.first)?.path || "";
      const advice = add ? ["To permit it, add ", element("code", { className: "rule" }, add)]
        : rule ? [`By rule ${rule} of the policy.`] : ["No rule of the network permits it: it is the mount, the name or the right of the handle."];
      const card = element("button", { type: "button", className: "card" },
        element("strong", {}, reason.replaceAll("-", " ")), element("span", { className: "dim" }, ` ${plural(row.count, "time")}, by `),
        element("code", {}, trace.functions[row.call].name), element("span", { className: "path" }, path), why ? element("span", { className: "advice dim" }, why) : null, element("span", { className: "advice" }, ...advice));
      card.addEventListener("click", () => { this.find(`refused call:${quoted(trace.functions[row.call].name)}`); view.select(row.first); });
      return card;
    });
    return cards;
  }

  graph() {
    return drawGraph(this.view, this.totals, (words) => this.find(words));
  }

  files() {
    return drawTree(this.view, this.totals, this.open, () => this.draw(), (words) => this.find(words));
  }
}

/** `ENOENT 2` */
function native(error) {
  if (!error.family) return [element("span", { className: "faint" }, "–")];
  return [element("code", {}, error.name || error.family), element("span", { className: "dim" }, ` ${error.number}`)];
}
