//! Renames and hard links, which need more than their own classes: a file gains no use of its contents by a new name, and a folder moves
//! only between places with the same rules below.

use callgate_gate::{Call, Decider, Handle, Mount, Resolved, Verdict};
use callgate_system::Follow;

use super::tree::{CLASSES, Node, Tree, joined};
use crate::aspect;
use crate::decide::ends;
use crate::expect::Where;
use crate::glob::components;
use crate::policy::Policy;

/// How often names hand on what they need: as long as the longest chain of renames that is followed.
const ROUNDS: usize = 16;

/// A file or folder that got another name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Move {
    old: String,
    new: String,
    is_rename: bool,
}

impl Move {
    /// What `call` moves, if its places are known.
    pub(super) fn of(call: &Call<'_>, resolved: Option<&Resolved<'_>>) -> Option<Self> {
        let is_rename = match call {
            Call::RenameAt { .. } => true,
            Call::LinkAt { .. } => false,
            _ => return None,
        };
        let text = |[folder, path]: [&str; 2]| joined(components(folder).chain(components(path)));
        if let Some(resolved) = resolved {
            let of = |place: callgate_gate::Place<'_>| text([&place.mount.guest_path, place.path]);
            return Some(Self { old: of(resolved.place), new: of(resolved.new_place?), is_rename });
        }
        let (old, new) = ends(call)?;
        let new = new?;
        Some(Self { old: text([old.0.name, old.1]), new: text([new.0.name, new.1]), is_rename })
    }

    /// True if `policy` allows it.
    fn is_allowed(&self, policy: &Policy) -> bool {
        let mount =
            Mount { guest_path: "/".to_owned(), read_only: false, quota: None, names: callgate_system::Names::Exact };
        let handle = |name| Handle { id: 0, name, mount: Some(&mount), denied: None };
        let (dir, new_dir, path, new_path) = (handle(&*self.old), handle(&*self.new), "", "");
        let call = if self.is_rename {
            Call::RenameAt { dir, path, new_dir, new_path }
        } else {
            Call::LinkAt { dir, follow: Follow::No, path, new_dir, new_path }
        };
        !matches!(policy.decide(&call, None), Verdict::Deny { .. })
    }
}

/// Permits at the old names what is done at the new ones, as far as the uses tell.
pub(super) fn hand_on<'a>(tree: &mut Tree, moves: impl Iterator<Item = &'a Move> + Clone) {
    for _ in 0..ROUNDS {
        let mut has_changed = false;
        for found in moves.clone() {
            for class in &CLASSES[..2] {
                if uses(tree, &found.new, *class) && !uses(tree, &found.old, *class) {
                    has_changed |= tree.permit(&found.old, *class, "descriptor.rename-at", false);
                }
            }
        }
        if !has_changed {
            break;
        }
    }
}

fn uses(tree: &Tree, path: &str, class: callgate_gate::Class) -> bool {
    let mut node = &tree.root;
    for name in components(path) {
        match node.children.get(name) {
            Some(child) if node.below.get(class).is_none() => node = child,
            _ => return node.below.get(class).is_some(),
        }
    }
    node.here.get(class).is_some() || node.below.get(class).is_some()
}

/// True if something strictly below `path` is used.
fn uses_below(tree: &Tree, path: &str, class: callgate_gate::Class) -> bool {
    fn any(node: &Node, class: callgate_gate::Class) -> bool {
        let is_used = |node: &Node| node.here.get(class).is_some() || node.below.get(class).is_some();
        node.children.values().any(|child| is_used(child) || any(child, class))
    }
    let mut node = Some(&tree.root);
    for name in components(path) {
        node = node.and_then(|node| node.children.get(name));
    }
    node.is_some_and(|node| any(node, class))
}

/// Permits what the moves lack under `policy`, which was made of the tree; false if they lack nothing. The first time it permits at old
/// names what patterns allow at the new ones; `with_below`, both names and all below them come under the same rules.
pub(super) fn mend<'a>(
    tree: &mut Tree,
    moves: impl Iterator<Item = &'a Move>,
    policy: &Policy,
    with_below: bool,
) -> bool {
    let mut has_changed = false;
    for found in moves.filter(|found| !found.is_allowed(policy)) {
        for class in if with_below { &CLASSES[..] } else { &CLASSES[..2] } {
            let allowed = |path: &str| allows(policy, path, *class);
            let is_used = |path: &str| allowed(path) || uses_below(tree, path, *class);
            if with_below && (is_used(&found.old) || is_used(&found.new)) {
                for path in [&found.old, &found.new] {
                    has_changed |= tree.permit(path, *class, "descriptor.rename-at", true);
                }
            } else if !with_below && allowed(&found.new) && !allowed(&found.old) {
                has_changed |= tree.permit(&found.old, *class, "descriptor.rename-at", false);
            }
        }
    }
    has_changed
}

fn allows(policy: &Policy, path: &str, class: callgate_gate::Class) -> bool {
    let place = Where::Path(path.to_owned());
    let mut of_class = aspect::known()
        .iter()
        .enumerate()
        .filter(|(_, known)| !known.free && known.target == aspect::Target::Place && known.classes.contains(class));
    of_class.next().is_some_and(|(aspect, _)| policy.ask(aspect, &place, None).allowed)
}
