// The guest, its mounts and the network, and what it touches there: the largest by bytes, or by calls where none are moved; the rest is one node each.

const LINE_OF_LEAVES = 24;
const SVG = "http://www.w3.org/2000/svg";

function shape(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** Groups of places, each with its largest ones. */
function groupsOf(trace, { places }, leaves) {
  const groups = new Map();
  trace.places.forEach(({ kind, mount, path }, index) => {
    const number = index + 1;
    if (places.calls[number] === 0 || kind === "process") return;
    const name = kind === "file" ? mount || "(no mount)" : "network";
    const bytes = places.read[number] + places.written[number];
    const node = { path, kind, calls: places.calls[number], errors: places.errors[number], bytes, read: places.read[number], written: places.written[number] };
    if (!groups.has(name)) groups.set(name, { name, isNetwork: kind !== "file", nodes: [], calls: 0, bytes: 0, errors: 0 });
    const group = groups.get(name);
    group.nodes.push(node);
    group.calls += node.calls;
    group.bytes += bytes;
    group.errors += node.errors;
  });
  const weight = (node) => node.bytes * 1e6 + node.calls;
  const sorted = [...groups.values()].sort((a, b) => b.bytes - a.bytes || b.calls - a.calls).slice(0, 8);
  for (const group of sorted) {
    group.nodes.sort((a, b) => weight(b) - weight(a));
    const most = Math.max(2, Math.floor(leaves / sorted.length) - 1);
    const rest = group.nodes.splice(group.nodes.length > most + 1 ? most : Infinity);
    if (rest.length > 0) {
      const sum = (key) => rest.reduce((all, node) => all + node[key], 0);
      group.nodes.push({ isRest: true, count: rest.length, calls: sum("calls"), bytes: sum("bytes"), read: sum("read"), written: sum("written"), errors: sum("errors") });
    }
  }
  return sorted;
}

/** Wider for more, by orders of magnitude. */
const thickness = (node) => 1 + Math.min(9, Math.log10(1 + (node.bytes || 0) / 256 + node.calls) * 1.6);

const amount = (node) => (node.bytes ? size(node.bytes) : plural(node.calls, "call"));

function curve(x1, y1, x2, y2, node) {
  const middle = (x1 + x2) / 2;
  const kind = node.written > node.read ? "write" : node.bytes > 0 ? "read" : "names";
  return shape("path", { d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, class: `edge ${kind}${node.errors > 0 && node.bytes === 0 ? " bad" : ""}`, "stroke-width": thickness(node).toFixed(1) });
}

/** Text that is cut to a number of letters, of which the end says most. */
const cutTo = (text, letters) => (text.length <= letters ? text : "…" + text.slice(text.length - letters + 1));

function drawGraph(view, totals, find) {
  const panel = document.getElementById("panel");
  const groups = groupsOf(view.trace, totals, Math.min(40, Math.max(12, Math.floor((panel.clientHeight - 40) / LINE_OF_LEAVES))));
  if (groups.length === 0) return nothing("No file and no peer.");
  const width = Math.max(440, panel.clientWidth - 24);
  const gap = LINE_OF_LEAVES, between = 14;
  const rows = groups.reduce((all, group) => all + group.nodes.length, 0);
  const height = rows * gap + (groups.length - 1) * between + 24;
  const [left, middle, right] = [10, width * 0.235, width * 0.46];
  const letters = Math.floor((width - right - 84) / 7);
  const wide = Math.min(116, right - middle - 40);
  const edges = shape("g", { fill: "none" }), labels = shape("g", {});
  let y = 12;
  const guest = { y: height / 2 };
  for (const group of groups) {
    const begin = y;
    const centre = begin + (group.nodes.length * gap) / 2;
    edges.append(curve(left + 84, guest.y, middle, centre, { ...group, read: group.bytes, written: 0 }));
    for (const node of group.nodes) {
      const at = y + gap / 2;
      edges.append(curve(middle + wide, centre, right, at, node));
      labels.append(leaf(node, right, at, width, letters, find));
      y += gap;
    }
    labels.append(hub(group.name, middle, centre, wide, amount(group)));
    y += between;
  }
  labels.append(hub("guest", left, guest.y, 84, plural(totals.count, "call"), true));
  const title = shape("title", {});
  title.textContent = "The guest, its mounts and peers, and what it touched there";
  return [shape("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "graph", role: "img" }, title, edges, labels)];
}

function hub(name, x, y, width, below, isGuest = false) {
  const text = shape("text", { x: x + width / 2, y: y - 2, "text-anchor": "middle", class: "hub-name" });
  text.textContent = cutTo(name, Math.floor((width - 14) / 7));
  const small = shape("text", { x: x + width / 2, y: y + 12, "text-anchor": "middle", class: "hub-amount" });
  small.textContent = below;
  return shape("g", {}, shape("rect", { x, y: y - 19, width, height: 38, rx: 6, class: isGuest ? "hub guest" : "hub" }), text, small);
}

function leaf(node, x, y, width, letters, find) {
  const name = shape("text", { x: x + 12, y: y + 4, class: node.isRest ? "leaf-name rest" : "leaf-name" });
  name.textContent = node.isRest ? `${whole.format(node.count)} others` : cutTo(node.path, letters);
  const number = shape("text", { x: width - 4, y: y + 4, "text-anchor": "end", class: "leaf-amount" });
  number.textContent = amount(node);
  const group = shape("g", { class: "leaf-node" }, shape("circle", { cx: x + 3, cy: y, r: 3.5, class: node.errors > 0 && node.bytes === 0 ? "bad" : "" }), name, number);
  if (!node.isRest) {
    const title = shape("title", {});
    title.textContent = `${node.path}: ${plural(node.calls, "call")}, ${size(node.read)} read, ${size(node.written)} written, ${plural(node.errors, "error")}`;
    group.append(title);
    group.addEventListener("click", () => find(`path:${quoted(node.path)}`));
  }
  return group;
}
