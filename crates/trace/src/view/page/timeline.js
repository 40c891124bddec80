// The timeline: the whole run above, and below it the part that is chosen, with a row for the calls, one for waits, and one for each handle.

const GUTTER = 204;
const ROW = 24;
const LEAST = 50;

/** Sets a canvas to the size that it has on the page, in the screen's pixels. */
function prepare(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.textBaseline = "middle";
  return { context, width, height };
}

/** The colours of the theme. */
function colours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue("--" + name).trim();
  return {
    groups: GROUPS.map((group) => of("g-" + group)),
    ink: GROUPS.map((group) => of("ink-" + group)),
    error: of("error"), text: of("text"), dim: of("dim"), line: of("line"), soft: of("soft"), accent: of("accent"), ground: of("ground"),
    panel: of("panel"), veil: of("veil"), font: of("sans"), mono: of("mono"),
  };
}

/** Marks of an axis: round numbers of nanoseconds, with a text each. */
function ticks(start, end, most) {
  const rough = (end - start) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
  const [unit, name] = end >= 1e9 ? [1e9, "s"] : end >= 1e6 ? [1e6, "ms"] : end >= 1e3 ? [1e3, "µs"] : [1, "ns"];
  const digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(step / unit) - 1e-9)));
  const found = [];
  for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
    found.push({ time, text: `${(time / unit).toFixed(digits)} ${name}` });
  }
  return found;
}

class Timeline {
  constructor(view) {
    this.view = view;
    this.overview = document.getElementById("overview");
    this.axis = document.getElementById("axis");
    this.rows = document.getElementById("rows");
    this.inner = document.getElementById("rows-inner");
    this.canvas = document.getElementById("lanes");
    this.tip = document.getElementById("tip");
    this.hovered = -1;
    this.listen();
  }

  /** The lanes are others now. */
  relane() {
    const { trace, matches } = this.view;
    this.lanes = lanesOf(trace, matches);
    const all = matches || Uint32Array.from({ length: trace.count }, (_, i) => i);
    this.all = new Lane(trace, "", "", all);
    this.inner.style.height = `${this.lanes.length * ROW}px`;
  }

  get width() {
    return Math.max(this.rows.clientWidth - GUTTER, 50);
  }

  timeAt(x) {
    const { start, end } = this.view;
    return start + (x - GUTTER) / this.width * (end - start);
  }

  draw() {
    const palette = this.palette ||= colours();
    this.drawOverview(palette);
    this.drawAxis(palette);
    this.drawLanes(palette);
    this.rows.dataset.range = `${this.view.start} ${this.view.end}`;
  }

  drawOverview(palette) {
    const { context, width, height } = prepare(this.overview);
    const { trace, start, end } = this.view;
    this.all.draw(context, { x: GUTTER, y: 4, width: this.width, height: height - 8 }, 0, trace.length, { ...palette, ink: palette.groups });
    const left = GUTTER + start / trace.length * this.width;
    const right = GUTTER + end / trace.length * this.width;
    context.fillStyle = palette.veil;
    context.fillRect(GUTTER, 0, left - GUTTER, height);
    context.fillRect(right, 0, width - right, height);
    context.strokeStyle = palette.accent;
    context.lineWidth = 1.5;
    context.beginPath();
    context.roundRect(Math.max(left, GUTTER) + 0.75, 0.75, Math.max(right - left, 3) - 1.5, height - 1.5, 3);
    context.stroke();
    context.font = `11px ${palette.font}`;
    context.fillStyle = palette.dim;
    context.fillText("whole run", 16, height / 2 - 7);
    context.fillStyle = palette.text;
    context.fillText(duration(trace.length), 16, height / 2 + 8);
  }

  drawAxis(palette) {
    const { context, height } = prepare(this.axis);
    const { start, end } = this.view;
    context.font = `11px ${palette.font}`;
    this.marks = ticks(start, end, Math.max(2, this.width / 120));
    for (const { time, text } of this.marks) {
      const x = GUTTER + (time - start) / (end - start) * this.width;
      context.fillStyle = palette.line;
      context.fillRect(Math.round(x), height - 5, 1, 5);
      context.fillStyle = palette.dim;
      const half = context.measureText(text).width / 2;
      const middle = Math.min(Math.max(x, GUTTER + half), GUTTER + this.width - half - 2);
      context.textAlign = "center";
      context.fillText(text, middle, height / 2 - 1);
    }
    context.textAlign = "left";
  }

  drawLanes(palette) {
    this.canvas.style.height = `${this.rows.clientHeight}px`;
    const { context, height } = prepare(this.canvas);
    const { start, end, trace, selected } = this.view;
    const width = this.width;
    const first = Math.floor(this.rows.scrollTop / ROW);
    const offset = first * ROW - this.rows.scrollTop;
    context.fillStyle = palette.soft;
    for (const { time } of this.marks) {
      context.fillRect(Math.round(GUTTER + (time - start) / (end - start) * width), 0, 1, height);
    }
    for (let index = first, y = offset; index < this.lanes.length && y < height; index++, y += ROW) {
      const lane = this.lanes[index];
      this.label(context, lane, y, palette);
      context.font = `11px ${palette.mono}`;
      lane.draw(context, { x: GUTTER, y: y + 4, width, height: ROW - 7 }, start, end, palette);
      context.fillStyle = palette.soft;
      context.fillRect(0, y + ROW - 1, GUTTER + width, 1);
    }
    if (selected >= 0) {
      const left = GUTTER + (trace.at[selected] - start) / (end - start) * width;
      const right = left + trace.took[selected] / (end - start) * width;
      if (right >= GUTTER && left <= GUTTER + width) {
        context.fillStyle = palette.accent;
        const x = Math.max(left, GUTTER);
        context.globalAlpha = 0.18;
        context.fillRect(x, 0, Math.max(Math.min(right, GUTTER + width) - x, 1), height);
        context.globalAlpha = 1;
        context.fillRect(Math.round(x), 0, 1, height);
      }
    }
  }

  label(context, lane, y, palette) {
    const middle = y + ROW / 2;
    const isHandle = lane.title !== "";
    context.fillStyle = isHandle ? palette.dim : palette.text;
    context.font = `${isHandle ? "" : "600 "}11px ${palette.font}`;
    context.textAlign = isHandle ? "right" : "left";
    context.fillText(lane.label, isHandle ? 38 : 16, middle);
    context.textAlign = "left";
    context.fillStyle = isHandle ? palette.text : palette.dim;
    context.font = `11px ${palette.mono}`;
    if (isHandle) {
      context.fillText(fittedEnd(context, this.titleOf(lane), GUTTER - 60), 48, middle);
    } else {
      context.font = `11px ${palette.font}`;
      context.textAlign = "right";
      context.fillText(whole.format(lane.calls.length), GUTTER - 14, middle);
      context.textAlign = "left";
    }
  }

  /** The name of a handle's lane; where a part of the run is shown, that of the handle in it. */
  titleOf(lane) {
    const { start, end, trace } = this.view;
    return end - start < trace.length && lane.label !== "…" ? lane.titleIn(start, end) : lane.title;
  }

  /** The lane under a point of the canvas. */
  laneAt(y) {
    return this.lanes[Math.floor((this.rows.scrollTop + y) / ROW)];
  }

  /** The call under a point of the canvas; -1 if there is none. */
  callAt(x, y) {
    const lane = this.laneAt(y);
    if (!lane || x < GUTTER) return -1;
    return lane.at(this.timeAt(x), 4 * (this.view.end - this.view.start) / this.width);
  }

  listen() {
    const { view } = this;
    this.rows.addEventListener("scroll", () => view.redraw());
    const wheel = (alone) => (event) => {
      const isZoom = event.ctrlKey || event.metaKey || alone;
      const sideways = event.deltaX || (event.shiftKey ? event.deltaY : 0);
      if (sideways) view.pan(sideways / this.width);
      else if (isZoom) view.zoom(Math.exp(event.deltaY / 300), this.timeAt(event.offsetX));
      else return;
      event.preventDefault();
    };
    this.rows.addEventListener("wheel", wheel(false), { passive: false });
    this.axis.addEventListener("wheel", wheel(true), { passive: false });
    this.listenToLanes();
    this.choose(this.axis, (x) => this.timeAt(x));
    this.choose(this.overview, (x) => (x - GUTTER) / this.width * view.trace.length, true);
  }

  listenToLanes() {
    const { view, canvas } = this;
    let grip = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      grip = { x: event.offsetX, start: view.start, end: view.end, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!grip) return this.hover(event);
      const moved = event.offsetX - grip.x;
      grip.moved ||= Math.abs(moved) > 3;
      if (grip.moved) {
        const by = moved / this.width * (grip.end - grip.start);
        view.show(grip.start - by, grip.end - by);
        this.hideTip();
      }
    });
    canvas.addEventListener("pointerup", (event) => {
      if (grip && !grip.moved) view.select(this.callAt(event.offsetX, event.offsetY), "timeline");
      grip = null;
    });
    canvas.addEventListener("pointercancel", () => { grip = null; });
    canvas.addEventListener("pointerleave", () => this.hideTip());
    canvas.addEventListener("dblclick", (event) => view.zoom(0.25, this.timeAt(event.offsetX)));
  }

  /** A drag on `canvas` chooses a part of the run; one on the chosen part of the overview moves it. */
  choose(canvas, time, moves = false) {
    const { view } = this;
    let grip = null;
    canvas.addEventListener("pointerdown", (event) => {
      const at = time(event.offsetX);
      const isInside = moves && at > view.start && at < view.end && view.end - view.start < view.trace.length * 0.99;
      grip = { at, start: view.start, end: view.end, isInside, moved: false, x: event.offsetX };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!grip) return;
      grip.moved ||= Math.abs(event.offsetX - grip.x) > 3;
      // The times of the axis move with what it shows, so only the overview follows at once.
      if (!grip.moved || !moves) return;
      const at = time(event.offsetX);
      if (grip.isInside) view.show(grip.start + at - grip.at, grip.end + at - grip.at);
      else view.show(Math.min(at, grip.at), Math.max(at, grip.at), false);
    });
    canvas.addEventListener("pointerup", (event) => {
      if (grip && grip.moved && !moves) {
        const at = time(event.offsetX);
        view.show(Math.min(at, grip.at), Math.max(at, grip.at), false);
      }
      grip = null;
    });
    canvas.addEventListener("dblclick", () => view.showAll());
  }

  hover(event) {
    const call = this.callAt(event.offsetX, event.offsetY);
    const lane = this.laneAt(event.offsetY);
    if (call < 0 && !(event.offsetX < GUTTER && lane && lane.title)) return this.hideTip();
    const text = call < 0 ? [element("code", {}, lane.title)] : this.describe(call);
    this.tip.replaceChildren(...text);
    this.tip.hidden = false;
    const { width, height } = this.tip.getBoundingClientRect();
    this.tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, window.innerWidth - width - 8))}px`;
    this.tip.style.top = `${Math.min(event.clientY + 18, window.innerHeight - height - 8)}px`;
  }

  describe(i) {
    const { trace } = this.view;
    const { args, result } = trace.show(i);
    const text = args.map((arg) => arg.text).join(", ");
    return [
      element("strong", {}, trace.name(i)), element("span", { className: "took" }, duration(trace.took[i])),
      element("code", {}, text.length > 160 ? text.slice(0, 160) + "…" : text),
      element("code", { className: trace.error[i] ? "error" : "dim" }, "= " + (result.length > 160 ? result.slice(0, 160) + "…" : result)),
    ];
  }

  hideTip() {
    this.tip.hidden = true;
  }
}
