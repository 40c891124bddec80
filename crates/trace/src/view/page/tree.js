// Files and peers as a tree: mounts with what is below them, then peers, names and streams.

const SECTIONS = { file: "Files", peer: "Peers", local: "Local addresses", socket: "Sockets without a peer", name: "Names looked up", process: "Streams and the like" };
const MOST_CHILDREN = 100;

const sums = () => ({ calls: 0, errors: 0, read: 0, written: 0, time: 0 });

function addTo(node, places, number) {
  for (const key of ["calls", "errors", "read", "written", "time"]) node[key] += places[key][number];
}

/** The tree of what the calls touch; children by their name. */
function treeOf(trace, { places }) {
  const root = { children: new Map(), ...sums() };
  const child = (node, name, more) => {
    let found = node.children.get(name);
    if (!found) node.children.set(name, found = { name, children: new Map(), ...sums(), ...more });
    return found;
  };
  trace.places.forEach(({ kind, mount, path }, index) => {
    if (places.calls[index + 1] === 0) return;
    const isFile = kind === "file";
    let node = child(root, isFile ? "mount " + mount : kind, { label: isFile ? mount || "(no mount)" : SECTIONS[kind], kind, isSection: true, path: isFile ? mount : null });
    addTo(node, places, index + 1);
    const below = isFile && path.startsWith(mount) ? path.slice(mount.length) : path;
    let at = isFile ? mount.replace(/\/$/, "") : "";
    for (const name of isFile ? below.split("/").filter((name) => name !== "") : [path]) {
      at = isFile ? `${at}/${name}` : path;
      node = child(node, name, { label: name, kind, path: at });
      addTo(node, places, index + 1);
    }
  });
  return root;
}

/** A directory that holds a single directory is shown together with it. */
function folded(node) {
  let label = node.label, end = node;
  while (!end.isSection && end.children.size === 1) {
    const [only] = end.children.values();
    if (only.calls !== end.calls) break;
    label += "/" + only.label;
    end = only;
  }
  return { ...end, label };
}

function drawTree(view, totals, open, redraw, find) {
  const root = treeOf(view.trace, totals);
  if (root.children.size === 0) return nothing("No file and no peer.");
  const head = element("div", { className: "leaf head" }, ...["", "calls", "read", "written", "time"].map((name) => element("span", {}, name)));
  const tree = element("div", { role: "tree", className: "tree", "aria-label": "Files and peers" });
  const add = (node, level, key) => {
    const { label, children, calls, errors, read, written, time, path, isSection, kind } = folded(node);
    const id = `${key}\n${label}`;
    // What is open at first: the mounts, and what is alone in one.
    const isOpen = open.has(id) !== (level <= 2 && (isSection || node.isAlone) && kind !== "process");
    const cell = (text) => element("span", {}, text);
    const toggle = element("button", { type: "button", className: "name", title: path || label },
      element("i", { className: "chevron" + (children.size === 0 ? " none" : isOpen ? " open" : "") }), element("span", { className: "label" }, label),
      errors ? element("em", { className: "error", title: plural(errors, "error") }, `${whole.format(errors)} failed`) : null);
    const leaf = element("div", { className: "leaf" + (isSection ? " section" : ""), role: "treeitem", "aria-level": level }, toggle,
      cell(whole.format(calls)), cell(read ? size(read) : "–"), cell(written ? size(written) : "–"), cell(duration(time)));
    leaf.style.setProperty("--level", level - 1);
    if (children.size > 0) leaf.setAttribute("aria-expanded", isOpen);
    toggle.addEventListener("click", () => {
      if (children.size === 0) return find(`path:${quoted(path || label)}`);
      if (open.has(id)) open.delete(id); else open.add(id);
      redraw();
    });
    tree.append(leaf);
    if (!isOpen) return;
    const sorted = [...children.values()].sort((a, b) => b.time - a.time);
    for (const one of sorted.slice(0, MOST_CHILDREN)) {
      one.isAlone = sorted.length === 1 && one.children.size > 0;
      add(one, level + 1, id);
    }
    if (sorted.length > MOST_CHILDREN) {
      const more = element("div", { className: "leaf more" }, `and ${whole.format(sorted.length - MOST_CHILDREN)} more`);
      more.style.setProperty("--level", level);
      tree.append(more);
    }
  };
  const order = Object.keys(SECTIONS);
  const sections = [...root.children.values()].sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || b.time - a.time);
  sections.slice(0, MOST_CHILDREN).forEach((node) => add(node, 1, ""));
  return [head, tree];
}
