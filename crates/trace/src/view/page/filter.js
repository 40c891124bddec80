// The filter: words that all have to match. A word is looked for in the tables first, each text once; then a call is a few look-ups.

const UNITS = { ns: 1, us: 1e3, "µs": 1e3, ms: 1e6, s: 1e9 };

/** Splits at blanks, but for those in quotes. */
function words(text) {
  const found = [];
  for (const [, minus, key, quoted, plain] of text.matchAll(/(-?)((?:call|path|error|handle|slower):)?(?:"([^"]*)"?|(\S+))/g)) {
    const word = quoted ?? plain;
    if (word) found.push({ not: minus === "-", key: (key || "").slice(0, -1), word, isQuoted: quoted !== undefined });
  }
  return found;
}

/** Which texts of a table hold the word. */
function marks(table, pattern, text = (entry) => entry) {
  const marked = new Uint8Array(table.length);
  let any = false;
  for (let i = 0; i < table.length; i++) {
    if (pattern.test(text(table[i]))) { marked[i] = 1; any = true; }
  }
  return any ? marked : null;
}

const errorText = (error) => `${error.code} ${error.name} ${error.number}`;

/** The test of one word: a function of a call's number. */
function test(trace, { key, word, isQuoted }) {
  const never = () => false;
  if (!key && !isQuoted && word === "failed") return (i) => trace.error[i] > 0;
  if (!key && !isQuoted && word === "refused") return (i) => trace.refusal[i] > 0;
  if (key === "slower") {
    const [, number, unit] = /^([\d.]+)(ns|us|µs|ms|s)?$/.exec(word) || [];
    return number === undefined ? never : (i) => trace.took[i] > Number(number) * UNITS[unit || "ms"];
  }
  if (key === "handle") return (i) => trace.handle[i] > 0 && String(trace.handles[trace.handle[i] - 1].id) === word;
  const pattern = new RegExp(word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), "i");
  const calls = marks(trace.functions, pattern, (call) => `${call.interface} ${call.name}`);
  const places = marks(trace.places, pattern, (place) => place.path);
  const errors = marks(trace.errors, pattern, errorText);
  const inCall = calls ? (i) => calls[trace.call[i]] : never;
  const inPlace = places ? (i) => (trace.place[i] && places[trace.place[i] - 1]) || (trace.other[i] && places[trace.other[i] - 1]) : never;
  const inError = errors ? (i) => trace.error[i] && errors[trace.error[i] - 1] : never;
  if (key === "call") return inCall;
  if (key === "path") return inPlace;
  if (key === "error") return inError;
  const inText = testOfText(trace, pattern);
  return (i) => inCall(i) || inPlace(i) || inError(i) || inText(i);
}

/** Looks at the arguments and the result: at the words of their form, and at each string. */
function testOfText(trace, pattern) {
  const forms = marks(trace.forms, pattern, (form) => form.literal);
  const strings = marks(trace.strings, pattern);
  const refusals = marks(trace.refusals, pattern, (refusal) => `${refusal.reason} ${refusal.add || ""}`);
  const reader = new Reader(trace.atoms);
  return (i) => {
    if (forms && forms[trace.form[i]]) return true;
    if (refusals && trace.refusal[i] && refusals[trace.refusal[i] - 1]) return true;
    if (!strings) return false;
    reader.place = trace.first[i];
    for (const kind of trace.forms[trace.form[i]].kinds) {
      const atom = reader.next();
      if (kind === STRING && strings[atom]) return true;
    }
    return false;
  };
}

/** The numbers of the calls that match, in order; null for all of them. */
function matching(trace, text) {
  const tests = words(text).map((word) => ({ not: word.not, holds: test(trace, word) }));
  if (tests.length === 0) return null;
  const found = new Uint32Array(trace.count);
  let count = 0;
  next: for (let i = 0; i < trace.count; i++) {
    for (const { not, holds } of tests) {
      if (!holds(i) !== not) continue next;
    }
    found[count++] = i;
  }
  return found.slice(0, count);
}
