// The list of calls: only the rows in sight are in the document, whatever their number.

const LINE = 23;

/** Browsers end an element's height somewhere above ten million pixels; beyond this the bar moves by more than a row a step. */
const TALLEST = 6_000_000;

/** Texts in one line. Where they are too long, paths lose their beginning, since their end says more. */
function fit(texts, letters) {
  const joined = texts.join(", ");
  if (joined.length <= letters) return joined;
  const long = texts.filter((text) => /\/.*[">]$/.test(text) && text.length > 12);
  const others = joined.length - long.reduce((all, text) => all + text.length, 0);
  const each = Math.max(12, Math.floor((letters - others) / Math.max(1, long.length)));
  return texts.map((text) => (long.includes(text) ? shorten(text, each) : text)).join(", ");
}

/** `12</src/a/long/path>` as `12<…long/path>`. */
function shorten(text, letters) {
  if (text.length <= letters) return text;
  const head = text.slice(0, text.search(/[<"]/) + 1);
  return `${head}…${text.slice(text.length - Math.max(1, letters - head.length - 1))}`;
}

class List {
  constructor(view) {
    this.view = view;
    this.box = document.getElementById("list");
    this.spacer = document.getElementById("list-height");
    this.holder = document.getElementById("list-rows");
    this.empty = document.getElementById("list-empty");
    this.detail = document.getElementById("detail");
    this.rows = [];
    this.box.addEventListener("scroll", () => this.draw());
    this.holder.addEventListener("click", (event) => this.clicked(event, (i) => view.select(i, "list")));
    this.holder.addEventListener("dblclick", (event) => this.clicked(event, (i) => view.zoomTo(i)));
  }

  clicked(event, act) {
    const row = event.target.closest(".row");
    if (row) act(Number(row.dataset.call));
  }

  get fits() {
    return Math.max(1, Math.floor((this.box.clientHeight - LINE) / LINE));
  }

  /** The calls to show are others now. */
  refresh() {
    const { count } = this.view.shown;
    this.spacer.style.height = `${Math.min(count * LINE, TALLEST)}px`;
    this.box.setAttribute("aria-rowcount", count + 1);
    this.empty.hidden = count > 0;
    // What the columns hold, by the width of a letter of their font.
    this.letters = ["args", "result"].map((name) => Math.floor(this.box.querySelector(`.head .${name}`).clientWidth / 6.93));
    this.draw();
  }

  /** The place of the first row in sight, among those to show; a fraction while the list scrolls row by row. */
  get top() {
    const { count } = this.view.shown;
    if (count * LINE <= TALLEST) return this.box.scrollTop / LINE;
    const most = TALLEST + LINE - this.box.clientHeight;
    return Math.round(this.box.scrollTop / most * (count - this.fits));
  }

  set top(place) {
    const { count } = this.view.shown;
    if (count * LINE <= TALLEST) this.box.scrollTop = place * LINE;
    else this.box.scrollTop = place / (count - this.fits) * (TALLEST + LINE - this.box.clientHeight);
  }

  draw() {
    const { count } = this.view.shown;
    const top = Math.max(0, this.top), first = Math.floor(top);
    const needed = Math.min(this.fits + 2, count - first);
    while (this.rows.length < needed) this.rows.push(this.row());
    this.rows.forEach((row, index) => {
      row.hidden = index >= needed;
      if (index < needed) this.fill(row, first + index);
    });
    this.holder.style.transform = `translateY(${this.box.scrollTop - (top - first) * LINE}px)`;
  }

  row() {
    const cell = (name) => element("span", { className: name, role: "gridcell" });
    const row = element("div", { className: "row", role: "row" }, ...["at", "took", "call", "args", "result"].map(cell));
    row.children[2].append(...functionParts("."));
    this.holder.append(row);
    return row;
  }

  fill(row, place) {
    const { trace } = this.view;
    const i = this.view.callAt(place);
    const [at, took, call, rest, outcome] = row.children;
    const { args, result } = trace.show(i);
    row.dataset.call = i;
    row.id = "call-" + i;
    row.setAttribute("aria-rowindex", place + 2);
    row.setAttribute("aria-selected", i === this.view.selected);
    at.textContent = milliseconds(trace.at[i]);
    took.textContent = duration(trace.took[i]);
    const [of, method] = split(trace.name(i));
    call.children[0].textContent = of;
    call.children[1].textContent = method;
    call.dataset.group = GROUPS[trace.group[i]];
    rest.textContent = fit(args.map((arg) => (arg.hidden ? "" : arg.name + "=") + arg.text), this.letters[0]);
    outcome.textContent = fit([result], this.letters[1]);
    outcome.className = "result" + (trace.refusal[i] ? " refused" : trace.error[i] ? " error" : "");
  }

  /** Brings the selected call into sight, and shows all of it. */
  select(i, from) {
    if (i >= 0 && from !== "list") {
      const place = this.view.placeOf(i);
      const top = this.top;
      if (place >= 0 && (place < top || place > top + this.fits - 2)) this.top = Math.max(0, place - Math.floor(this.fits / 2));
    }
    this.draw();
    if (i >= 0) this.box.setAttribute("aria-activedescendant", "call-" + i);
    this.detail.hidden = i < 0;
    if (i >= 0) this.detail.replaceChildren(...this.describe(i));
  }

  describe(i) {
    const { trace } = this.view;
    const { args, result } = trace.show(i);
    const error = trace.errorOf(i), refusal = trace.refusalOf(i), place = trace.touched(i);
    const facts = args.map((arg) => [arg.name, arg.text]);
    facts.push(["result", result, refusal ? "refused" : error ? "error" : ""]);
    if (error && error.family) facts.push(["native error", `${error.family} ${error.number}${error.name ? ", " + error.name : ""}`]);
    if (refusal) facts.push(["refused", refusal.add ? `${refusal.reason}; add ${refusal.add}` : refusal.rule ? `${refusal.reason} ${refusal.rule}` : refusal.reason]);
    if (place) facts.push(["touches", place.path]);
    if (trace.bytes[i]) facts.push(["moved", size(trace.bytes[i])]);
    const { interface: space, name } = trace.functions[trace.call[i]];
    const when = `#${whole.format(trace.seq[i])} · at ${milliseconds(trace.at[i])} ms · took ${duration(trace.took[i])}`;
    const rows = facts.map(([term, text, kind]) => [element("dt", {}, term), element("dd", { className: kind || "" }, text)]);
    const close = element("button", { type: "button", title: "Close (Esc)", "aria-label": "Close" }, "×");
    close.addEventListener("click", () => this.view.select(-1));
    return [
      element("header", {}, element("strong", {}, name), element("span", { className: "dim" }, space), element("span", { className: "when" }, when), close),
      element("dl", {}, ...rows.flat()),
    ];
  }
}
