// What the generator packed: columns of numbers, tables of text (crates/trace/src/view/pack.rs says how).
//
// Hazard: every text here may be the guest's. It reaches the page as text alone, by `textContent` and by the canvas.

/** What calls are about, in the order of the generator's groups (crates/trace/src/view/calls.rs). */
const GROUPS = ["names", "read", "write", "network", "wait", "other"];
const WAIT = GROUPS.indexOf("wait");
const NETWORK = GROUPS.indexOf("network");

/** The bytes of one packed block, which leaves the document. */
async function unpack(name) {
  const block = document.getElementById("data-" + name);
  const text = block.textContent;
  block.remove();
  const packed = Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) : Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Reads numbers of 7 bits a byte, the low ones first. */
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.place = 0;
  }

  next() {
    let byte = this.bytes[this.place++];
    if (byte < 128) return byte;
    let value = byte & 127;
    let unit = 128;
    do {
      byte = this.bytes[this.place++];
      value += (byte & 127) * unit;
      unit *= 128;
    } while (byte >= 128);
    return value;
  }
}

function fill(column, bytes) {
  const reader = new Reader(bytes);
  for (let i = 0; i < column.length; i++) column[i] = reader.next();
  return column;
}

/** Adds up differences; an odd number is a negative one. */
function addUp(column) {
  let value = 0;
  for (let i = 0; i < column.length; i++) {
    const step = column[i];
    value += step % 2 === 1 ? -(step + 1) / 2 : step / 2;
    column[i] = value;
  }
  return column;
}

const lines = (bytes) => {
  const text = new TextDecoder().decode(bytes);
  return text === "" ? [] : text.slice(0, -1).split("\n");
};

/** The kinds of what stands in a form for a value of the call. */
const NUMBER = "\x01", STRING = "\x02", TIME = "\x03", FRACTION = "\x04";
const HOLE = /[\x01-\x04]/;

/** `name US value RS name US value FS result`, where a leading `!` of a name hides it in the list. */
function form(line) {
  const [args, result] = line.split("\x1c");
  const parts = (text) => text.split(/([\x01-\x04])/);
  const named = args === "" ? [] : args.split("\x1e").map((arg) => {
    const [name, value] = arg.split("\x1f");
    return { name: name.replace(/^!/, ""), hidden: name.startsWith("!"), parts: parts(value) };
  });
  const kinds = [...line].filter((c) => HOLE.test(c));
  return { args: named, result: parts(result), kinds, literal: line.replace(/[\x01-\x04\x1c-\x1f]/g, " ") };
}

/** The trace. */
class Trace {
  static async open() {
    const trace = new Trace();
    const names = ["meta", "strings", "forms", "places", "handles", "functions", "errors", "refusals", "seq", "at", "took", "call",
      "form", "atoms", "handle", "place", "other", "bytes", "error", "refusal"];
    const blocks = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await unpack(name)])));
    const meta = JSON.parse(new TextDecoder().decode(blocks.meta));
    const count = meta.shown;
    Object.assign(trace, meta, { count, strings: lines(blocks.strings), forms: lines(blocks.forms).map(form) });
    trace.functions = lines(blocks.functions).map((line) => {
      const [group, direction, space, name] = line.split("\t");
      return { group: Number(group), direction, interface: space, name };
    });
    trace.errors = lines(blocks.errors).map((line) => {
      const [code, family, number, name] = line.split("\t");
      return { code, family, number, name };
    });
    trace.refusals = lines(blocks.refusals).map((line) => {
      const [reason, add, rule, why] = line.split("\t");
      return { reason, add, rule, why };
    });
    trace.places = lines(blocks.places).map((line) => {
      const [kind, mount, path] = line.split("\t");
      return { kind, mount, path };
    });
    trace.handles = lines(blocks.handles).map((line) => {
      const [id, name] = line.split("\t");
      return { id: Number(id), name };
    });
    trace.at = addUp(fill(new Float64Array(count), blocks.at));
    trace.seq = addUp(fill(new Float64Array(count), blocks.seq));
    // Each step is beyond the next number.
    for (let i = 0; i < count; i++) trace.seq[i] += i + 1;
    trace.took = fill(new Float64Array(count), blocks.took);
    trace.bytes = fill(new Float64Array(count), blocks.bytes);
    trace.call = fill(new Uint16Array(count), blocks.call);
    trace.error = fill(new Uint16Array(count), blocks.error);
    trace.refusal = fill(new Uint16Array(count), blocks.refusal);
    for (const name of ["form", "handle", "place", "other"]) trace[name] = fill(new Uint32Array(count), blocks[name]);
    trace.locate(blocks.atoms);
    trace.measure();
    return trace;
  }

  /** Notes where the atoms of each call begin. */
  locate(bytes) {
    this.atoms = bytes;
    this.first = new Uint32Array(this.count + 1);
    const atoms = Uint32Array.from(this.forms, ({ kinds }) => kinds.length);
    let place = 0;
    for (let i = 0; i < this.count; i++) {
      this.first[i] = place;
      for (let left = atoms[this.form[i]]; left > 0; left--) {
        while (bytes[place++] >= 128);
      }
    }
    this.first[this.count] = place;
  }

  /** The group of each call, and the length of the run. */
  measure() {
    this.group = new Uint8Array(this.count);
    const isNetwork = Uint8Array.from([{ kind: "" }, ...this.places], ({ kind }) => ["peer", "local", "socket", "name"].includes(kind));
    const groups = Uint8Array.from(this.functions, ({ group }) => group);
    let end = this.ended || 0;
    for (let i = 0; i < this.count; i++) {
      const group = groups[this.call[i]];
      this.group[i] = group !== WAIT && isNetwork[this.place[i]] ? NETWORK : group;
      end = Math.max(end, this.at[i] + this.took[i]);
    }
    this.length = Math.max(end, 1000);
  }

  /** The first call that begins at `time` or later. */
  after(time) {
    let low = 0, high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.at[middle] < time) low = middle + 1; else high = middle;
    }
    return low;
  }

  name(i) {
    return this.functions[this.call[i]].name;
  }

  /** What the call touches: a file, a peer. */
  touched(i) {
    return this.place[i] ? this.places[this.place[i] - 1] : null;
  }

  /** The arguments and the result of call `i` as text: `{args: [{name, hidden, text}], result}`. */
  show(i) {
    const { args, result } = this.forms[this.form[i]];
    const reader = new Reader(this.atoms);
    reader.place = this.first[i];
    const text = (parts) => parts.map((part) => this.part(part, reader)).join("");
    const shown = args.map((arg) => ({ name: arg.name, hidden: arg.hidden, text: text(arg.parts) }));
    return { args: shown, result: text(result) };
  }

  part(part, reader) {
    switch (part) {
      case NUMBER: return String(reader.next());
      case STRING: return this.strings[reader.next()];
      case TIME: return duration(reader.next());
      case FRACTION: return String(reader.next()).padStart(9, "0");
      default: return part;
    }
  }

  /** The error of call `i`; null if it went well. */
  errorOf(i) {
    return this.error[i] ? this.errors[this.error[i] - 1] : null;
  }

  refusalOf(i) {
    return this.refusal[i] ? this.refusals[this.refusal[i] - 1] : null;
  }
}

const whole = new Intl.NumberFormat("en-US");

/** Nanoseconds for people: three digits that count. */
function duration(ns) {
  if (ns < 1000) return `${Math.round(ns)} ns`;
  const [unit, name] = ns < 1e6 ? [1e3, "µs"] : ns < 1e9 ? [1e6, "ms"] : [1e9, "s"];
  const value = ns / unit;
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : whole.format(Math.round(value))} ${name}`;
}

/** Bytes for people. */
function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  let value = bytes, unit = -1;
  while (value >= 1024 && unit < 4) { value /= 1024; unit++; }
  return `${value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : Math.round(value)} ${["KiB", "MiB", "GiB", "TiB", "PiB"][unit]}`;
}

const milliseconds = (ns) => {
  const thousandths = Math.round(ns / 1000);
  return `${whole.format(Math.floor(thousandths / 1000))}.${String(thousandths % 1000).padStart(3, "0")}`;
};

const plural = (count, one, many = one + "s") => `${whole.format(count)} ${count === 1 ? one : many}`;

/** `descriptor.` and `open-at`: where there is no room, the first part gives way. */
function split(name) {
  const dot = name.indexOf(".") + 1;
  return [name.slice(0, dot), name.slice(dot)];
}

function functionParts(name) {
  const [of, method] = split(name);
  return [element("span", { className: "of" }, of), element("span", { className: "method" }, method)];
}

/** A new element with text. */
function element(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") node.setAttribute(name, value); else node[name] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}
