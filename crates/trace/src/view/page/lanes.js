// Rows of the timeline, and how they are drawn at any zoom: a pixel shows how busy its time was, exactly, from sums over blocks of calls. So the
// work of a frame depends on its pixels, and not on the number of calls.

const BLOCK = 64;

/** One row: some of the calls, in order. */
class Lane {
  constructor(trace, label, title, calls) {
    Object.assign(this, { trace, label, title, calls });
    const blocks = Math.ceil(calls.length / BLOCK);
    // Sums of all blocks before each: time by group, errors.
    this.sums = new Float64Array((blocks + 1) * GROUPS.length);
    this.failed = new Uint32Array(blocks + 1);
    for (let block = 0; block < blocks; block++) {
      const from = block * GROUPS.length;
      for (let group = 0; group < GROUPS.length; group++) this.sums[from + GROUPS.length + group] = this.sums[from + group];
      let failed = this.failed[block];
      for (let j = block * BLOCK; j < Math.min((block + 1) * BLOCK, calls.length); j++) {
        const i = calls[j];
        this.sums[from + GROUPS.length + trace.group[i]] += trace.took[i];
        if (trace.error[i]) failed++;
      }
      this.failed[block + 1] = failed;
    }
  }

  /** The first of the lane's calls from `low` on that begins at `time` or later. */
  after(time, low = 0) {
    const { at } = this.trace;
    let step = 1, high = low;
    while (high < this.calls.length && at[this.calls[high]] < time) { low = high + 1; high += step; step *= 2; }
    high = Math.min(high, this.calls.length);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (at[this.calls[middle]] < time) low = middle + 1; else high = middle;
    }
    return low;
  }

  /** Adds to `sums` the time of the calls from `from` to `to` by group; returns how many of them failed. */
  add(from, to, sums) {
    const { trace, calls } = this;
    let failed = 0;
    const one = (j) => {
      const i = calls[j];
      sums[trace.group[i]] += trace.took[i];
      if (trace.error[i]) failed++;
    };
    const first = Math.ceil(from / BLOCK), last = Math.floor(to / BLOCK);
    if (first >= last) {
      for (let j = from; j < to; j++) one(j);
      return failed;
    }
    for (let j = from; j < first * BLOCK; j++) one(j);
    for (let group = 0; group < GROUPS.length; group++) {
      sums[group] += this.sums[last * GROUPS.length + group] - this.sums[first * GROUPS.length + group];
    }
    failed += this.failed[last] - this.failed[first];
    for (let j = last * BLOCK; j < to; j++) one(j);
    return failed;
  }

  /** Draws the part of the run from `start` to `end` into a box. */
  draw(context, box, start, end, colours) {
    const { trace, calls } = this;
    const scale = box.width / (end - start);
    // A call that began before may still last: calls of a lane don't overlap, so it can only be the one before.
    let j = Math.max(0, this.after(start) - 1);
    const sums = new Float64Array(GROUPS.length);
    for (let x = 0; x < box.width && j < calls.length;) {
      const i = calls[j];
      const left = (trace.at[i] - start) * scale;
      const right = left + trace.took[i] * scale;
      if (left >= box.width) break;
      if (right - left >= 2) {
        this.one(context, box, i, Math.max(left, 0), Math.min(right, box.width), colours);
        x = Math.max(x, Math.floor(right));
        j++;
        continue;
      }
      // A call that is shorter than a pixel: all that begin in this pixel, together.
      const pixel = Math.max(Math.floor(left), 0);
      let to = this.after(start + (pixel + 1) / scale, j);
      if (to <= j) to = j + 1;
      // A long one at the end of the pixel is drawn by itself.
      if (to - 1 > j && trace.took[calls[to - 1]] * scale >= 2) to--;
      sums.fill(0);
      const failed = this.add(j, to, sums);
      if (right >= 0) column(context, box, pixel, sums, scale, failed, colours);
      x = pixel + 1;
      j = to;
    }
  }

  one(context, box, i, left, right, colours) {
    const { trace } = this;
    context.fillStyle = colours.groups[trace.group[i]];
    const width = Math.max(right - left - (right - left > 4 ? 1 : 0), 1);
    context.fillRect(box.x + left, box.y, width, box.height);
    if (trace.error[i]) {
      context.fillStyle = colours.error;
      context.fillRect(box.x + left, box.y + box.height - 3, width, 3);
    }
    if (width < 44) return;
    context.fillStyle = colours.ink[trace.group[i]];
    const name = trace.name(i);
    context.fillText(fitted(context, name.slice(name.indexOf(".") + 1), width - 8), box.x + left + 4, box.y + box.height / 2);
  }

  /** The name of the handle in a part of the run: the first one, if others follow. */
  titleIn(start, end) {
    const { trace, calls } = this;
    const first = Math.max(0, this.after(start)), last = this.after(end, first) - 1;
    if (first > last) return "";
    const [from, to] = [first, last].map((j) => trace.handle[calls[j]]);
    return trace.handles[from - 1].name + (from === to ? "" : " …");
  }

  /** The call at a point of time, or the nearest one within `reach`; -1 if there is none. */
  at(time, reach) {
    const { trace, calls } = this;
    const after = this.after(time);
    const distance = (j) => {
      if (j < 0 || j >= calls.length) return Infinity;
      const i = calls[j];
      return Math.max(trace.at[i] - time, time - (trace.at[i] + trace.took[i]), 0);
    };
    const best = distance(after - 1) <= distance(after) ? after - 1 : after;
    return distance(best) <= reach ? calls[best] : -1;
  }
}

/** One pixel of many short calls: as high as its time was busy, groups one upon the other. */
function column(context, box, pixel, sums, scale, failed, colours) {
  let busy = 0;
  for (const time of sums) busy += time;
  const height = Math.max(3, Math.min(1, busy * scale) * box.height);
  let bottom = box.y + box.height;
  for (let group = 0; group < sums.length; group++) {
    if (sums[group] === 0 && busy > 0) continue;
    const part = busy > 0 ? height * sums[group] / busy : height / sums.length;
    context.fillStyle = colours.groups[group];
    context.fillRect(box.x + pixel, bottom - part, 1, part);
    bottom -= part;
  }
  if (failed > 0) {
    context.fillStyle = colours.error;
    context.fillRect(box.x + pixel, box.y + box.height - 3, 1, 3);
  }
}

/** `text`, or as much of it as fits, with an ellipsis. */
function fitted(context, text, width) {
  if (text.length > 200) text = text.slice(0, 200);
  if (context.measureText(text).width <= width) return text;
  let low = 0, high = text.length;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (context.measureText(text.slice(0, middle) + "…").width <= width) low = middle; else high = middle - 1;
  }
  return low === 0 ? "" : text.slice(0, low) + "…";
}

/** The end of a path that fits, which says more than its beginning. */
function fittedEnd(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  const letters = [...text.slice(-200)].reverse().join("");
  const reversed = fitted(context, letters, width);
  return [...reversed].reverse().join("");
}

/** Handles that have a row of their own; more share one. */
const MOST_LANES = 2000;

/** The lane of each entry of the table of handles, from 1: the table is in the order of first use. 0 is that of no handle. */
function lanesOfHandles(trace) {
  const lanes = new Map();
  const of = new Uint32Array(trace.handles.length + 1);
  trace.handles.forEach(({ id }, index) => {
    if (!lanes.has(id) && lanes.size < MOST_LANES) lanes.set(id, lanes.size + 1);
    of[index + 1] = lanes.get(id) || MOST_LANES + 1;
  });
  return of;
}

/** The rows: all calls, waits, and each handle in the order of its first use; of the calls in `matches`, or of all. */
function lanesOf(trace, matches) {
  const count = matches ? matches.length : trace.count;
  const of = trace.laneOf ||= lanesOfHandles(trace);
  const sizes = new Uint32Array(MOST_LANES + 2);
  let waits = 0;
  for (let j = 0; j < count; j++) {
    const i = matches ? matches[j] : j;
    if (trace.group[i] === WAIT) waits++;
    sizes[of[trace.handle[i]]]++;
  }
  const working = new Uint32Array(count - waits), waiting = new Uint32Array(waits);
  const own = Array.from(sizes, (size) => ({ calls: new Uint32Array(size), filled: 0, first: 0, last: 0, uses: 0 }));
  let works = 0;
  waits = 0;
  for (let j = 0; j < count; j++) {
    const i = matches ? matches[j] : j;
    if (trace.group[i] === WAIT) waiting[waits++] = i; else working[works++] = i;
    const handle = trace.handle[i];
    const lane = own[of[handle]];
    lane.calls[lane.filled++] = i;
    if (lane.last !== handle) { lane.uses++; lane.first ||= handle; lane.last = handle; }
  }
  const lanes = [new Lane(trace, "calls", "", working)];
  if (waits > 0) lanes.push(new Lane(trace, "waits", "", waiting));
  own.slice(1).forEach(({ calls, first, uses }, index) => {
    if (calls.length === 0) return;
    const { id, name } = trace.handles[first - 1];
    const others = uses > 1 ? ` +${whole.format(uses - 1)}` : "";
    lanes.push(index < MOST_LANES ? new Lane(trace, String(id), name + others, calls) : new Lane(trace, "…", "all other handles", calls));
  });
  return lanes;
}
