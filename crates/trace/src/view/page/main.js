// The state of the page, its keys, and its start.

/** What is shown of the trace, and by what. */
class View {
  constructor(trace) {
    Object.assign(this, { trace, start: 0, end: trace.length, matches: null, selected: -1, text: "" });
    this.measure();
    this.field = document.getElementById("filter");
    this.list = new List(this);
    this.timeline = new Timeline(this);
    this.panels = new Panels(this);
    this.timeline.relane();
    this.relist();
    this.retotal();
    this.redraw();
  }

  /** The calls that match, in the part of the run that is shown: a span of the matches, or of all calls. */
  measure() {
    const { trace, matches, start, end } = this;
    const before = trace.after(start);
    const lasts = before > 0 && trace.at[before - 1] + trace.took[before - 1] > start;
    const low = lasts ? before - 1 : before, high = end >= trace.length ? trace.count : trace.after(end);
    const place = (call) => (matches ? lowerBound(matches, call) : call);
    this.shown = { low: place(low), count: Math.max(0, place(high) - place(low)) };
  }

  /** The call at a place among those shown. */
  callAt(place) {
    const at = this.shown.low + place;
    return this.matches ? this.matches[at] : at;
  }

  /** The place of a call among those shown; -1 if it isn't. */
  placeOf(call) {
    const { low, count } = this.shown;
    const place = (this.matches ? lowerBound(this.matches, call) : call) - low;
    return place >= 0 && place < count && this.callAt(place) === call ? place : -1;
  }

  show(start, end, keeps = true) {
    const { length } = this.trace;
    const span = Math.min(Math.max(end - start, LEAST), length);
    // A part that is moved keeps its length at the ends of the run; one that is chosen is cut there.
    if (!keeps) [start, end] = [Math.max(0, start), Math.min(length, end)];
    this.start = Math.min(Math.max(0, start), length - span);
    this.end = keeps ? this.start + span : Math.max(end, this.start + LEAST);
    this.measure();
    this.redraw();
    this.soon();
  }

  showAll() {
    this.show(0, this.trace.length);
  }

  /** Shows more or less of the run, such that `time` stays where it is. */
  zoom(factor, time = (this.start + this.end) / 2) {
    const span = Math.min(Math.max((this.end - this.start) * factor, LEAST), this.trace.length);
    const share = (time - this.start) / (this.end - this.start);
    this.show(time - share * span, time + (1 - share) * span);
  }

  zoomTo(call) {
    const { at, took } = this.trace;
    const span = Math.max(took[call] * 12, 20_000);
    this.show(at[call] + took[call] / 2 - span / 2, at[call] + took[call] / 2 + span / 2);
  }

  /** Moves the part that is shown if a call lies outside of it. */
  reveal(call) {
    const { at, took } = this.trace;
    if (at[call] + took[call] >= this.start && at[call] <= this.end) return;
    const span = this.end - this.start;
    this.show(at[call] - span / 3, at[call] + span * 2 / 3);
  }

  pan(share) {
    const by = share * (this.end - this.start);
    this.show(this.start + by, this.end + by);
  }

  select(call, from) {
    this.selected = call;
    if (from !== "timeline" && call >= 0) this.reveal(call);
    this.list.select(call, from);
    this.redraw();
  }

  /** Selects the next call from here among those shown, or the one `by` places on. */
  step(by) {
    const { count } = this.shown;
    if (count === 0) return;
    const place = this.placeOf(this.selected);
    const from = place >= 0 ? place : by === Infinity ? count : by > 0 ? -by : 0;
    this.select(this.callAt(Math.min(Math.max(from + by, 0), count - 1)));
  }

  nextFailed() {
    const { count } = this.shown;
    const from = this.placeOf(this.selected) + 1;
    for (let k = 0; k < count; k++) {
      const call = this.callAt((from + k) % count);
      if (this.trace.error[call]) return this.select(call);
    }
  }

  filter(text) {
    this.text = this.field.value = text;
    this.matches = matching(this.trace, text);
    this.timeline.relane();
    this.measure();
    this.redraw();
    this.relist();
    this.soon();
  }

  /** Brings list and tables up to date when nothing has moved for a moment. */
  soon() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => { this.relist(); this.retotal(); }, 90);
  }

  relist() {
    this.list.refresh();
    const { count } = this.shown;
    const all = this.trace.count;
    document.getElementById("count").textContent = count === all ? plural(all, "call") : `${whole.format(count)} of ${plural(all, "call")}`;
    const isWhole = this.start === 0 && this.end === this.trace.length;
    document.getElementById("range").textContent = isWhole ? "" : `${milliseconds(this.start)} – ${milliseconds(this.end)} ms, ${duration(this.end - this.start)}`;
  }

  retotal() {
    this.totals = new Totals(this);
    this.panels.refresh(this.totals);
  }

  redraw() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.timeline.draw();
    });
  }
}

/** The first place in sorted numbers with `value` or more. */
function lowerBound(numbers, value) {
  let low = 0, high = numbers.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

function describeRun(trace, totals) {
  const program = trace.program.slice(trace.program.lastIndexOf("/") + 1);
  document.title = `${program} · callgate trace`;
  const name = document.getElementById("program");
  name.replaceChildren(element("b", {}, program), ...trace.arguments.slice(1).map((argument) => element("span", {}, ` ${quoted(argument)}`)));
  name.title = [trace.program, ...trace.arguments.slice(1).map(quoted)].join(" ");
  const started = new Date(trace.started * 1000);
  const about = [`callgate ${trace.callgate}`, `${trace.backend} backend`, started.toISOString().replace("T", " ").replace(".000Z", " UTC"), trace.end || "end not recorded"];
  document.getElementById("about").textContent = about.join("  ·  ");
  const share = (time) => `${(time / trace.length * 100).toFixed(1)} %`;
  const facts = [
    ["run", duration(trace.length), ""], ["calls", whole.format(trace.total), ""], ["in calls", duration(totals.time), share(totals.time)],
    ["waiting", totals.waits ? duration(totals.waits) : "–", totals.waits ? share(totals.waits) : ""], ["read", size(totals.read), ""], ["written", size(totals.written), ""],
    ["failed", whole.format(totals.failed), "", totals.failed ? "error" : ""], ["refused", whole.format(totals.refused), "", totals.refused ? "refused" : ""],
  ];
  document.getElementById("facts").replaceChildren(...facts.map(([term, text, small, kind]) => element("div", {}, element("dt", {}, term),
    element("dd", { className: kind || "" }, text, small ? element("small", {}, small) : null))));
  const notices = [];
  if (trace.cut) notices.push("This trace is cut: its last line is missing, so the run was killed, or was not over. The calls up to there are shown.");
  if (trace.shown < trace.total) notices.push(`This page shows the first ${whole.format(trace.shown)} of ${plural(trace.total, "call")}; more don't fit on a page.`);
  if (trace.filter.length > 0) notices.push(`This trace was recorded with a filter, ${trace.filter.join(", ")}; other calls are not in it.`);
  if (trace.lost > 0) notices.push(`${plural(trace.lost, "call")} of the run ${trace.lost === 1 ? "is" : "are"} missing in this trace.`);
  document.getElementById("notices").replaceChildren(...notices.map((text) => element("p", { className: "notice" }, text)));
}

function drawLegend() {
  const names = { names: "names, attributes", read: "read", write: "write", network: "network", wait: "wait", other: "other" };
  const entries = GROUPS.map((group, index) => element("span", {}, dot(index), names[group]));
  entries.push(element("span", {}, element("i", { className: "dot failed" }), "failed"));
  document.getElementById("legend").replaceChildren(...entries);
}

const THEMES = ["auto", "light", "dark"];

function setTheme(theme, view) {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset.theme; else root.dataset.theme = theme;
  const button = document.getElementById("theme");
  button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[theme];
  button.setAttribute("aria-label", `Theme: ${theme}`);
  button.dataset.theme = theme;
  view.timeline.palette = null;
  view.redraw();
}

function nextTheme(view) {
  const now = document.getElementById("theme").dataset.theme;
  setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length], view);
}

function keysOf(view) {
  const page = () => view.list.fits - 1;
  const tab = (index) => () => view.panels.show(view.panels.kinds[index]);
  return {
    "/": () => { view.field.focus(); view.field.select(); },
    "?": () => document.getElementById("keys").showModal(),
    "+": () => view.zoom(0.5), "=": () => view.zoom(0.5), "-": () => view.zoom(2), "0": () => view.showAll(),
    ArrowLeft: () => view.pan(-0.15), ArrowRight: () => view.pan(0.15),
    ArrowUp: () => view.step(-1), ArrowDown: () => view.step(1), k: () => view.step(-1), j: () => view.step(1),
    PageUp: () => view.step(-page()), PageDown: () => view.step(page()), Home: () => view.step(-Infinity), End: () => view.step(Infinity),
    f: () => { if (view.selected >= 0) view.zoomTo(view.selected); },
    e: () => view.nextFailed(),
    t: () => nextTheme(view),
    Escape: () => { if (view.selected >= 0) view.select(-1); else if (view.text) view.filter(""); },
    1: tab(0), 2: tab(1), 3: tab(2), 4: tab(3), 5: tab(4), 6: tab(5),
  };
}

function listenToKeys(view) {
  const keys = keysOf(view);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target === view.field) {
      if (event.key === "Escape") { view.filter(""); view.field.blur(); event.preventDefault(); }
      if (event.key === "Enter" || event.key === "ArrowDown") { view.list.box.focus(); event.preventDefault(); }
      return;
    }
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  let typed = 0;
  view.field.addEventListener("input", () => {
    clearTimeout(typed);
    typed = setTimeout(() => view.filter(view.field.value), 120);
  });
}

function listen(view) {
  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  on("help", () => document.getElementById("keys").showModal());
  on("theme", () => nextTheme(view));
  on("zoom-in", () => view.zoom(0.5));
  on("zoom-out", () => view.zoom(2));
  on("zoom-all", () => view.showAll());
  // At once, so that no frame shows the old size.
  const observer = new ResizeObserver(() => { view.timeline.draw(); view.list.refresh(); view.panels.draw(); });
  for (const id of ["rows", "list", "panel"]) observer.observe(document.getElementById(id));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { view.timeline.palette = null; view.redraw(); });
  listenToKeys(view);
}

/** What the address asks for: `#graph&filter=failed&select=17&theme=dark`. */
function begin(view) {
  const [kind, ...rest] = location.hash.slice(1).split("&");
  const asked = new URLSearchParams(rest.join("&"));
  setTheme(THEMES.includes(asked.get("theme")) ? asked.get("theme") : "auto", view);
  if (view.panels.kinds.includes(kind)) view.panels.show(kind);
  if (asked.get("filter")) view.filter(asked.get("filter"));
  const from = Number(asked.get("from")), to = Number(asked.get("to"));
  if (to > from) view.show(from * 1e6, to * 1e6);
  const call = lowerBound(view.trace.seq, Number(asked.get("select") || Infinity));
  if (call < view.trace.count) view.select(call);
}

async function open() {
  const trace = await Trace.open();
  const view = new View(trace);
  describeRun(trace, view.totals);
  drawLegend();
  listen(view);
  begin(view);
  // The page is ready when a frame with all of it was drawn; the time counts from the begin of loading.
  requestAnimationFrame(() => requestAnimationFrame(() => {
    document.documentElement.dataset.ready = Math.round(performance.now());
  }));
}

open().catch((error) => {
  document.getElementById("notices").replaceChildren(element("p", { className: "notice" }, `This page can't be shown: ${error.message}. It takes a browser of 2023 or later.`));
  throw error;
});
