//! `wit/deps` is written out by hand, with our own comments: these tests hold it to the standard.
//!
//! The standard's text is the `wasip2` crate's, a dev-dependency for its `wit` folder alone. Both sides are parsed,
//! with everything unstable switched on, and flattened into an [`Outline`]: one entry for each package, interface,
//! type, function and world. The outlines must be equal; the order of entries means nothing, that within a type does.
//!
//! Hazard: a comparison that finds nothing looks like one that compares nothing. So the second test breaks our text in
//! every way that matters and expects to be told where.

mod standard;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wit_parser::{
    Docs, Function, Handle, Resolve, SourceMap, Stability, Type, TypeDef, TypeDefKind, TypeId, TypeOwner,
    UnresolvedPackageGroup, WorldItem, WorldKey,
};

/// The standard's packages that are ours too.
const PACKAGES: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// The name of an entry, and its lines: the gate first, then the parts that it consists of.
type Outline = BTreeMap<String, Vec<String>>;

#[test]
fn signatures_are_the_standards() {
    assert_eq!(names_in(&our_folder().join("deps")), PACKAGES);
    let Some(standard) = released("signatures_are_the_standards") else { return };
    let differences = compare(&outline(&standard), &outline(&ours(&Edit::NONE)));
    assert!(differences.is_empty(), "wit/ differs from the standard (- standard, + ours):\n{}", report(&differences));
}

#[test]
fn every_kind_of_difference_is_seen() {
    let Some(standard) = released("every_kind_of_difference_is_seen") else { return };
    let standard = outline(&standard);
    for (edit, expected) in EDITS {
        let differences = compare(&standard, &outline(&ours(edit)));
        let names: Vec<&str> = differences.keys().map(String::as_str).collect();
        assert_eq!(names, *expected, "after {edit:?}:\n{}", report(&differences));
    }
}

#[test]
fn everything_has_a_comment() {
    let bare = undocumented(&parsed(&our_folder(), true));
    assert!(bare.is_empty(), "without a comment in wit/:\n  {}", bare.join("\n  "));
    // The standard's own text has gaps. Finding one shows that the search looks inside resources.
    let Some(standard) = released("everything_has_a_comment") else { return };
    let bare = undocumented(&standard);
    assert!(bare.iter().any(|name| name == "wasi:sockets/tcp tcp-socket.finish-bind"), "{bare:?}");
}

/// The host's world is the standard's `command`, without its unstable imports, and our own interface.
#[test]
fn the_host_implements_all_that_is_stable() {
    let resolve = parsed(&our_folder(), false);
    let (mut imports, exports) = world(&resolve, "wasi", "command");
    imports.insert("callgate:system/diagnostics@0.1.0".into());
    assert_eq!(world(&resolve, "callgate", "host"), (imports, exports));

    let (imports, exports) = world(&resolve, "callgate", "guest");
    assert_eq!(imports, ["callgate:system/diagnostics@0.1.0".to_owned()].into());
    assert_eq!(exports, BTreeSet::new());
}

/// A change to every file of `wit/deps` whose path starts with `files`.
#[derive(Debug)]
struct Edit {
    files: &'static str,
    from: &'static str,
    to: &'static str,
}

impl Edit {
    const NONE: Edit = Edit { files: "", from: "", to: "" };
}

/// Edits, and the entries that they must change.
const EDITS: &[(Edit, &[&str])] = &[
    // A function: dropped, added, with another parameter, result, name of a parameter, gate, or kind.
    (
        Edit {
            files: "cli/exit.wit",
            from: "  @since(version = 0.2.12)\n  exit-with-code: func(status-code: u8);\n",
            to: "",
        },
        &["wasi:cli/exit exit-with-code"],
    ),
    (
        Edit { files: "cli/run.wit", from: "run: func() -> result;", to: "run: func() -> result; walk: func();" },
        &["wasi:cli/run walk"],
    ),
    (
        Edit { files: "filesystem/types.wit", from: "set-size: func(size: filesize)", to: "set-size: func(size: u64)" },
        &["wasi:filesystem/types descriptor.set-size"],
    ),
    (
        Edit { files: "random/random.wit", from: "random-u64: func() -> u64", to: "random-u64: func() -> s64" },
        &["wasi:random/random get-random-u64"],
    ),
    (
        Edit { files: "sockets/tcp.wit", from: "shutdown: func(shutdown-type:", to: "shutdown: func(how:" },
        &["wasi:sockets/tcp tcp-socket.shutdown"],
    ),
    (
        Edit { files: "cli/exit.wit", from: "@since(version = 0.2.12)", to: "@since(version = 0.2.11)" },
        &["wasi:cli/exit exit-with-code"],
    ),
    (Edit { files: "io/poll.wit", from: "ready: func", to: "ready: static func" }, &["wasi:io/poll pollable.ready"]),
    (Edit { files: "io/poll.wit", from: "list<borrow<pollable>>", to: "list<pollable>" }, &["wasi:io/poll poll"]),
    // A type: a field's type, a field too few, cases that change places, a payload, a flag, an alias, another kind.
    (
        Edit { files: "clocks/wall-clock.wit", from: "nanoseconds: u32", to: "nanoseconds: u64" },
        &["wasi:clocks/wall-clock datetime"],
    ),
    (
        Edit { files: "filesystem/types.wit", from: "    name: string,\n", to: "" },
        &["wasi:filesystem/types directory-entry"],
    ),
    (
        Edit { files: "sockets/tcp.wit", from: "    receive,\n", to: "    incoming,\n" },
        &["wasi:sockets/tcp shutdown-type"],
    ),
    (
        Edit {
            files: "sockets/network.wit",
            from: "enum ip-address-family {",
            to: "enum ip-address-family {\n    ipv6,\n    ipv4,\n  }\n  enum spare {",
        },
        &["wasi:sockets/network ip-address-family", "wasi:sockets/network spare"],
    ),
    (
        Edit { files: "io/streams.wit", from: "last-operation-failed(error)", to: "last-operation-failed(u32)" },
        &["wasi:io/streams stream-error"],
    ),
    (
        Edit { files: "filesystem/types.wit", from: "    mutate-directory,\n", to: "    change-directory,\n" },
        &["wasi:filesystem/types descriptor-flags"],
    ),
    (
        Edit { files: "clocks/monotonic-clock.wit", from: "type instant = u64", to: "type instant = u32" },
        &["wasi:clocks/monotonic-clock instant"],
    ),
    (
        Edit {
            files: "cli/stdio.wit",
            from: "use wasi:io/streams@0.2.12.{input-stream}",
            to: "use wasi:io/poll@0.2.12.{pollable as input-stream}",
        },
        &["wasi:cli/stdin input-stream"],
    ),
    // An interface's gate, a world without an import, a package's version.
    (
        Edit {
            files: "random/insecure.wit",
            from: "@since(version = 0.2.0)\ninterface",
            to: "@since(version = 0.2.1)\ninterface",
        },
        &["wasi:random/insecure"],
    ),
    (
        Edit { files: "random/world.wit", from: "  @since(version = 0.2.0)\n  import insecure;\n", to: "" },
        &["wasi:random world imports"],
    ),
    (Edit { files: "cli/", from: "package wasi:cli@0.2.12", to: "package wasi:cli@0.2.13" }, &["wasi:cli"]),
];

// Reading.

fn our_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit")
}

/// A folder with a package, and those that it uses under `deps`, as a bindings generator reads it.
fn parsed(folder: &Path, all_features: bool) -> Resolve {
    let main = parse(folder, "", &names_in(folder), &mut |_, text| text);
    resolved(main, dependencies(folder, &mut |_, text| text), all_features)
}

/// The standard, as it was released; `None` where it can't be found, for the reason that was printed.
fn released(test: &str) -> Option<Resolve> {
    Some(parsed(&standard::folder("wasip2", "", test)?.join("wit"), true))
}

/// Our packages of the standard, with an edit applied; nothing that imports them.
fn ours(edit: &Edit) -> Resolve {
    let mut edited = edit.from.is_empty();
    let mut apply = |name: &str, text: String| {
        if edit.from.is_empty() || !name.starts_with(edit.files) || !text.contains(edit.from) {
            return text;
        }
        edited = true;
        text.replacen(edit.from, edit.to, 1)
    };
    let dependencies = dependencies(&our_folder(), &mut apply);
    assert!(edited, "{edit:?} is nowhere to apply");
    let mut nothing = SourceMap::default();
    nothing.push_str("nothing.wit", "package callgate:nothing;");
    resolved(nothing.parse().expect("an empty package"), dependencies, true)
}

fn resolved(main: UnresolvedPackageGroup, dependencies: Vec<UnresolvedPackageGroup>, all_features: bool) -> Resolve {
    let mut resolve = Resolve { all_features, ..Resolve::default() };
    if let Err(error) = resolve.push_groups(main, dependencies) {
        panic!("{error:#}");
    }
    resolve
}

/// Changes a file's text on its way to the parser. Files are called as under `deps`: `io/poll.wit`.
type Change<'a> = &'a mut dyn FnMut(&str, String) -> String;

/// The packages under `deps`, each a folder or a file.
fn dependencies(folder: &Path, change: Change<'_>) -> Vec<UnresolvedPackageGroup> {
    let deps = folder.join("deps");
    let package = |name: &String| {
        if deps.join(name).is_dir() {
            parse(&deps, &format!("{name}/"), &names_in(&deps.join(name)), change)
        } else {
            parse(&deps, "", std::slice::from_ref(name), change)
        }
    };
    names_in(&deps).iter().map(package).collect()
}

/// One package, of those of `files` that are WIT.
fn parse(folder: &Path, prefix: &str, files: &[String], change: Change<'_>) -> UnresolvedPackageGroup {
    let mut sources = SourceMap::default();
    for name in files.iter().filter(|name| name.ends_with(".wit")).map(|name| format!("{prefix}{name}")) {
        let text = fs::read_to_string(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        // A checkout may have other line endings; the edits know one.
        let text = change(&name, text.replace("\r\n", "\n"));
        sources.push_str(&name, text);
    }
    sources.parse().unwrap_or_else(|(sources, error)| panic!("{}", error.render(&sources)))
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").file_name().into_string().expect("a UTF-8 name"))
        .collect();
    names.sort();
    names
}

// Comparing.

/// The entries that are not the same, each with the lines that only one side has.
fn compare(standard: &Outline, ours: &Outline) -> BTreeMap<String, Vec<String>> {
    let names: BTreeSet<&String> = standard.keys().chain(ours.keys()).collect();
    names
        .into_iter()
        .filter(|name| standard.get(*name) != ours.get(*name))
        .map(|name| {
            let (theirs, own) = (lines(standard, name), lines(ours, name));
            let mut changed: Vec<String> = Vec::new();
            changed.extend(theirs.iter().filter(|line| !own.contains(line)).map(|line| format!("- {line}")));
            changed.extend(own.iter().filter(|line| !theirs.contains(line)).map(|line| format!("+ {line}")));
            if changed.is_empty() {
                changed = vec![format!("- {}", theirs.join(", ")), format!("+ {}", own.join(", "))];
            }
            (name.clone(), changed)
        })
        .collect()
}

fn lines<'a>(outline: &'a Outline, name: &str) -> &'a [String] {
    outline.get(name).map_or(&[], Vec::as_slice)
}

fn report(differences: &BTreeMap<String, Vec<String>>) -> String {
    differences.iter().map(|(name, changed)| format!("{name}\n    {}\n", changed.join("\n    "))).collect()
}

// Flattening.

/// Every entry of the standard's packages.
fn outline(resolve: &Resolve) -> Outline {
    let mut outline = Outline::new();
    for (_, package) in &resolve.packages {
        let PackageParts { name, version } = parts(&package.name);
        if package.name.namespace != "wasi" || !PACKAGES.contains(&package.name.name.as_str()) {
            continue;
        }
        outline.insert(name.clone(), vec![format!("version {version}")]);
        for (interface_name, id) in &package.interfaces {
            let interface = &resolve.interfaces[*id];
            let path = format!("{name}/{interface_name}");
            outline.insert(path.clone(), vec![gate(&interface.stability), "interface".into()]);
            for (type_name, id) in &interface.types {
                outline.insert(format!("{path} {type_name}"), type_lines(resolve, &resolve.types[*id]));
            }
            for function in interface.functions.values() {
                outline.insert(format!("{path} {}", function_name(function)), function_lines(resolve, function));
            }
        }
        for (world_name, id) in &package.worlds {
            let world = &resolve.worlds[*id];
            let mut lines = vec![gate(&world.stability), "world".into()];
            let mut items = |keyword: &str, items: &mut dyn Iterator<Item = (&WorldKey, &WorldItem)>| {
                let mut sorted: Vec<String> =
                    items.map(|(key, item)| world_line(resolve, &name, keyword, key, item)).collect();
                sorted.sort();
                lines.extend(sorted);
            };
            items("import", &mut world.imports.iter());
            items("export", &mut world.exports.iter());
            outline.insert(format!("{name} world {world_name}"), lines);
        }
    }
    outline
}

/// A package's name, and its version separately.
struct PackageParts {
    name: String,
    version: String,
}

fn parts(name: &wit_parser::PackageName) -> PackageParts {
    PackageParts {
        name: format!("{}:{}", name.namespace, name.name),
        version: name.version.as_ref().map_or_else(|| "none".into(), ToString::to_string),
    }
}

fn gate(stability: &Stability) -> String {
    let deprecation = |deprecated: &Option<_>| match deprecated {
        Some(version) => format!(" @deprecated(version = {version})"),
        None => String::new(),
    };
    match stability {
        Stability::Unknown => "no gate".into(),
        Stability::Stable { since, deprecated } => format!("@since(version = {since}){}", deprecation(deprecated)),
        Stability::Unstable { feature, deprecated } => {
            format!("@unstable(feature = {feature}){}", deprecation(deprecated))
        }
    }
}

/// `descriptor.set-size` for a resource's function, `poll` for one that stands alone.
fn function_name(function: &Function) -> String {
    function.name.split_once(']').map_or_else(|| function.name.clone(), |(_, name)| name.to_owned())
}

fn function_lines(resolve: &Resolve, function: &Function) -> Vec<String> {
    let parameters: Vec<String> = function
        .params
        .iter()
        .map(|parameter| format!("{}: {}", parameter.name, type_text(resolve, &parameter.ty)))
        .collect();
    let result = function.result.map_or_else(String::new, |result| format!(" -> {}", type_text(resolve, &result)));
    // The name begins with the kind, such as `[method]`, except for a plain function.
    let kind = function.name.split_once(']').map_or("", |(kind, _)| kind.trim_start_matches('['));
    let waits = if function.kind.is_async() { "async " } else { "" };
    vec![gate(&function.stability), format!("{kind} {waits}func({}){result}", parameters.join(", ")).trim().to_owned()]
}

fn type_lines(resolve: &Resolve, definition: &TypeDef) -> Vec<String> {
    let mut lines = vec![gate(&definition.stability), definition.kind.as_str().to_owned()];
    let field = |name: &str, ty: &Type| format!("{name}: {}", type_text(resolve, ty));
    match &definition.kind {
        TypeDefKind::Record(record) => {
            lines.extend(record.fields.iter().map(|part| field(&part.name, &part.ty)));
        }
        TypeDefKind::Variant(variant) => lines.extend(variant.cases.iter().map(|case| match &case.ty {
            Some(ty) => format!("{}({})", case.name, type_text(resolve, ty)),
            None => case.name.clone(),
        })),
        TypeDefKind::Enum(cases) => lines.extend(cases.cases.iter().map(|case| case.name.clone())),
        TypeDefKind::Flags(flags) => lines.extend(flags.flags.iter().map(|flag| flag.name.clone())),
        TypeDefKind::Resource => {}
        // An alias of another interface's type is a `use`: where from is part of it.
        TypeDefKind::Type(Type::Id(id)) => {
            lines.push(format!("= {}{}", owner_text(resolve, *id), type_text(resolve, &Type::Id(*id))));
        }
        TypeDefKind::Type(ty) => lines.push(format!("= {}", type_text(resolve, ty))),
        kind => lines.push(format!("= {}", kind_text(resolve, kind))),
    }
    lines
}

/// `wasi:io/poll ` for a type of that interface.
fn owner_text(resolve: &Resolve, id: TypeId) -> String {
    let TypeOwner::Interface(owner) = resolve.types[id].owner else { return String::new() };
    let interface = &resolve.interfaces[owner];
    let package = interface.package.map(|package| parts(&resolve.packages[package].name).name);
    format!("{}/{} ", package.unwrap_or_default(), interface.name.as_deref().unwrap_or_default())
}

/// A type as WIT writes it where it is used.
fn type_text(resolve: &Resolve, ty: &Type) -> String {
    let Type::Id(id) = ty else { return format!("{ty:?}").to_lowercase() };
    let definition = &resolve.types[*id];
    definition.name.clone().unwrap_or_else(|| kind_text(resolve, &definition.kind))
}

fn kind_text(resolve: &Resolve, kind: &TypeDefKind) -> String {
    let text = |ty: &Type| type_text(resolve, ty);
    let optional = |ty: &Option<Type>| ty.as_ref().map_or_else(|| "_".into(), text);
    match kind {
        TypeDefKind::Handle(Handle::Own(id)) => format!("own<{}>", text(&Type::Id(*id))),
        TypeDefKind::Handle(Handle::Borrow(id)) => format!("borrow<{}>", text(&Type::Id(*id))),
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", tuple.types.iter().map(text).collect::<Vec<_>>().join(", ")),
        TypeDefKind::Option(ty) => format!("option<{}>", text(ty)),
        TypeDefKind::List(ty) => format!("list<{}>", text(ty)),
        TypeDefKind::Result(result) => format!("result<{}, {}>", optional(&result.ok), optional(&result.err)),
        TypeDefKind::Type(ty) => text(ty),
        other => panic!("WASI 0.2 has no {} without a name", other.as_str()),
    }
}

/// An item of a world; those of the world's own package without its version, which is compared once.
fn world_line(resolve: &Resolve, package: &str, keyword: &str, key: &WorldKey, item: &WorldItem) -> String {
    let id = resolve.name_world_key(key);
    let (name, version) = id.split_once('@').unwrap_or((&id, "none"));
    let version = if name.starts_with(&format!("{package}/")) { "" } else { version };
    format!("{keyword} {name} {version} {}", gate(item.stability(resolve)))
}

// Asking.

/// The imports and the exports of a world.
fn world(resolve: &Resolve, namespace: &str, name: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let (_, world) = resolve
        .worlds
        .iter()
        .find(|(_, world)| {
            let package = world.package.map(|package| resolve.packages[package].name.namespace.as_str());
            world.name == name && package == Some(namespace)
        })
        .unwrap_or_else(|| panic!("no world {namespace}:…/{name}"));
    let names = |keys: &mut dyn Iterator<Item = &WorldKey>| keys.map(|key| resolve.name_world_key(key)).collect();
    (names(&mut world.imports.keys()), names(&mut world.exports.keys()))
}

/// Everything without a comment, but what `use` brings in.
fn undocumented(resolve: &Resolve) -> Vec<String> {
    let mut bare = Vec::new();
    let mut check = |name: String, docs: &Docs| {
        if docs.contents.as_deref().is_none_or(|text| text.trim().is_empty()) {
            bare.push(name);
        }
    };
    for (_, package) in &resolve.packages {
        let package_name = parts(&package.name).name;
        for (name, id) in &package.worlds {
            check(format!("{package_name} world {name}"), &resolve.worlds[*id].docs);
        }
        for (name, id) in &package.interfaces {
            let interface = &resolve.interfaces[*id];
            let path = format!("{package_name}/{name}");
            check(path.clone(), &interface.docs);
            for (name, id) in &interface.types {
                let definition = &resolve.types[*id];
                let used = matches!(&definition.kind, TypeDefKind::Type(Type::Id(target))
                    if resolve.types[*target].owner != definition.owner && resolve.types[*target].name.is_some());
                if !used {
                    check(format!("{path} {name}"), &definition.docs);
                }
                for (part, docs) in parts_of(definition) {
                    check(format!("{path} {name}.{part}"), docs);
                }
            }
            for function in interface.functions.values() {
                check(format!("{path} {}", function_name(function)), &function.docs);
            }
        }
    }
    bare
}

/// Fields, cases and flags.
fn parts_of(definition: &TypeDef) -> Vec<(&str, &Docs)> {
    match &definition.kind {
        TypeDefKind::Record(record) => record.fields.iter().map(|part| (part.name.as_str(), &part.docs)).collect(),
        TypeDefKind::Variant(variant) => variant.cases.iter().map(|part| (part.name.as_str(), &part.docs)).collect(),
        TypeDefKind::Enum(cases) => cases.cases.iter().map(|part| (part.name.as_str(), &part.docs)).collect(),
        TypeDefKind::Flags(flags) => flags.flags.iter().map(|part| (part.name.as_str(), &part.docs)).collect(),
        _ => Vec::new(),
    }
}
