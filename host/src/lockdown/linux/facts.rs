//! What this machine offers for a second wall: `callgate backends`. Shadow stacks and protection keys are told of and not used.

use std::fs;

use rustix::thread::secure_computing_mode;

use super::domain;

pub(crate) fn facts() -> Vec<(&'static str, String)> {
    let landlock = domain::version().map_or_else(|| "none".to_owned(), |version| format!("version {version}"));
    // The kernel answers this where it was built with filters at all.
    let seccomp = if secure_computing_mode().is_ok() { "yes" } else { "none" };
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let lockdown = format!("Landlock {landlock}, seccomp {seccomp}");
    let hardware = format!(
        "shadow stacks {}, indirect branch tracking {}, protection keys {}; callgate uses none of them",
        shadow_stacks(&cpu, &status),
        offer(&cpu, &["ibt", "bti"]),
        offer(&cpu, &["ospke"]),
    );
    vec![("lockdown", lockdown), ("processor", hardware)]
}

/// The kernel says for each thread whether it has one.
fn shadow_stacks(cpu: &str, status: &str) -> &'static str {
    let features = status.lines().find_map(|line| line.strip_prefix("x86_Thread_features:"));
    match features {
        Some(features) if features.split_whitespace().any(|feature| feature == "shstk") => "in use",
        _ => offer(cpu, &["user_shstk", "gcs"]),
    }
}

/// Whether the first processor has one of these flags, as Linux names them.
fn offer(cpu: &str, flags: &[&str]) -> &'static str {
    let line = cpu.lines().find(|line| line.starts_with("flags") || line.starts_with("Features"));
    let mut has = line.and_then(|line| line.split_once(':')).unwrap_or_default().1.split_whitespace();
    if has.any(|flag| flags.contains(&flag)) { "yes" } else { "none" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_whole_words() {
        let cpu = "processor\t: 0\nflags\t\t: fpu pku ospke user_shstk\n";
        assert_eq!((offer(cpu, &["ospke"]), offer(cpu, &["pk"]), offer("", &["fpu"])), ("yes", "none", "none"));
        assert_eq!(shadow_stacks(cpu, ""), "yes");
        assert_eq!(shadow_stacks(cpu, "x86_Thread_features:\tshstk wrss\n"), "in use");
        assert_eq!(shadow_stacks("flags : fpu\n", "x86_Thread_features:\t\n"), "none");
    }
}
