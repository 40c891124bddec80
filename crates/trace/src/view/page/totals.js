// What the calls come to: sums for each function, file, peer, error and refusal, of the calls that match in the part that is shown.

/** Thirty-two steps for each doubling, so that a percentile is within 2 %. */
const STEPS = 32;
const bucket = (ns) => {
  if (ns < STEPS) return ns;
  if (ns < 0x40000000) {
    const power = 31 - Math.clz32(ns);
    return (power - 4) * STEPS + ((ns >>> (power - 5)) & (STEPS - 1));
  }
  const power = Math.floor(Math.log2(ns));
  return (power - 4) * STEPS + Math.floor((ns / 2 ** power - 1) * STEPS);
};
const middleOf = (bucket) => {
  if (bucket < STEPS) return bucket;
  const power = Math.floor(bucket / STEPS) + 4;
  return 2 ** power * (1 + (bucket % STEPS + 0.5) / STEPS);
};

/** Functions with percentiles; an interface has fewer, unless somebody made it up. */
const MOST_SPREADS = 400;
const SLOWEST = 100;

class Totals {
  constructor(view) {
    const { trace, shown } = view;
    this.trace = trace;
    this.count = shown.count;
    this.functions = trace.functions.map((_, index) => ({
      index, calls: 0, errors: 0, time: 0, most: 0, bytes: 0, spread: index < MOST_SPREADS ? new Uint32Array(50 * STEPS) : null,
    }));
    const number = (Kind) => new Kind(trace.places.length + 1);
    this.places = { calls: number(Uint32Array), errors: number(Uint32Array), time: number(Float64Array), read: number(Float64Array), written: number(Float64Array) };
    this.errors = new Map();
    this.refusals = new Map();
    Object.assign(this, { time: 0, waits: 0, read: 0, written: 0, failed: 0, refused: 0 });
    this.slowest = [];
    this.least = -1;
    for (let place = 0; place < shown.count; place++) this.add(view.callAt(place));
    this.cutSlowest();
    this.functions = this.functions.filter((one) => one.calls > 0);
  }

  add(i) {
    const { trace, places } = this;
    const took = trace.took[i], bytes = trace.bytes[i], call = trace.call[i];
    const one = this.functions[call];
    one.calls++;
    one.time += took;
    one.bytes += bytes;
    if (took > one.most) one.most = took;
    if (one.spread) one.spread[bucket(took)]++;
    if (trace.group[i] === WAIT) this.waits += took; else this.time += took;
    const place = trace.place[i];
    places.calls[place]++;
    places.time[place] += took;
    if (bytes > 0) {
      const { direction } = trace.functions[call];
      if (direction === "in") { this.read += bytes; places.read[place] += bytes; }
      if (direction === "out") { this.written += bytes; places.written[place] += bytes; }
    }
    if (trace.other[i]) places.calls[trace.other[i]]++;
    if (trace.error[i]) this.fail(i, one);
    if (took > this.least) {
      this.slowest.push(i);
      if (this.slowest.length >= 4 * SLOWEST) this.cutSlowest();
    }
  }

  fail(i, one) {
    const { trace } = this;
    one.errors++;
    this.failed++;
    this.places.errors[trace.place[i]]++;
    note(this.errors, trace.error[i] * 65536 + trace.call[i], i);
    if (trace.refusal[i]) {
      this.refused++;
      note(this.refusals, trace.refusal[i] * 65536 + trace.call[i], i);
    }
  }

  cutSlowest() {
    const { took } = this.trace;
    this.slowest.sort((a, b) => took[b] - took[a] || a - b);
    this.slowest.length = Math.min(this.slowest.length, SLOWEST);
    if (this.slowest.length === SLOWEST) this.least = took[this.slowest[SLOWEST - 1]];
  }
}

/** Counts a kind of event, and keeps the first of it. */
function note(map, key, i) {
  const entry = map.get(key);
  if (entry) entry.count++; else map.set(key, { count: 1, first: i });
}

/** The time that a share of the calls stays within. */
function percentile(one, share) {
  if (!one.spread) return null;
  let left = Math.ceil(one.calls * share);
  for (let at = 0; at < one.spread.length; at++) {
    left -= one.spread[at];
    if (left <= 0) return Math.min(middleOf(at), one.most);
  }
  return one.most;
}
