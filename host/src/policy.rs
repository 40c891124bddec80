//! `callgate policy`: what a policy says, without a run.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail};
use callgate_policy::{Case, Policy};
use callgate_system::Untrusted;
use callgate_wasi::Access;

use crate::arguments::{Grants, PolicyCommand};
use crate::print;

/// An expectation is not met.
const UNMET: u8 = 1;

pub(crate) fn policy(command: &PolicyCommand) -> Result<ExitCode> {
    match command {
        PolicyCommand::Check { file } => check(file),
        PolicyCommand::Show { file, grants } => show(file.as_deref(), grants),
        PolicyCommand::Explain { file, call, place } => explain(file, call, place.as_deref()),
        PolicyCommand::Test { file } => test(file),
    }
}

/// The comparison of names in most file systems of this operating system, or of the one in memory.
pub(crate) fn case(in_memory: bool) -> Case {
    let ignores = cfg!(any(windows, target_vendor = "apple")) && !in_memory;
    if ignores { Case::Insensitive } else { Case::Sensitive }
}

fn load(file: &Path) -> Result<Policy> {
    let policy = Policy::load(file, None).map_err(|error| anyhow!("{error}"))?;
    Ok(policy.comparing(case(false)))
}

fn check(file: &Path) -> Result<ExitCode> {
    let policy = load(file)?;
    let (rules, expectations) = (count(policy.len(), "rule"), count(policy.expectations(), "expectation"));
    print(&format!("{}: {rules}, {expectations}\n", policy.name()));
    Ok(ExitCode::SUCCESS)
}

/// `1 rule`, `2 rules`
fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn explain(file: &Path, call: &str, place: Option<&str>) -> Result<ExitCode> {
    let answers = load(file)?.explain(call, place).map_err(|error| anyhow!("{error}"))?;
    print(&answers.iter().fold(String::new(), |text, answer| text + &answer.line + "\n"));
    Ok(ExitCode::SUCCESS)
}

fn test(file: &Path) -> Result<ExitCode> {
    let policy = load(file)?;
    if policy.expectations() == 0 {
        bail!("{}: no expectations to test; write [[expect]] with a call, a place and a verdict", policy.name());
    }
    let unmet = policy.unmet();
    if unmet.is_empty() {
        print(&format!("{}: {} met\n", policy.name(), count(policy.expectations(), "expectation")));
        return Ok(ExitCode::SUCCESS);
    }
    print(&unmet.iter().fold(String::new(), |text, line| text + line + "\n"));
    Ok(ExitCode::from(UNMET))
}

fn show(file: Option<&Path>, grants: &Grants) -> Result<ExitCode> {
    let policy = file.map(load).transpose()?;
    let mut text = granted(grants);
    if let Some(policy) = &policy {
        if !text.is_empty() {
            text.push_str("# A call needs a rule of the options above, and one of the policy below.\n\n");
        }
        for (place, rule) in policy.lines() {
            let _ = writeln!(text, "{place}: {rule}");
        }
    }
    if text.is_empty() {
        bail!("nothing to show; give a policy, or options of a run such as --dir");
    }
    print(&text);
    Ok(ExitCode::SUCCESS)
}

/// The rules that the options of a run mean.
fn granted(grants: &Grants) -> String {
    let mut text = String::new();
    let mut rule = |option: &str, calls: &str, key: &str, value: &str| {
        let option = Untrusted::new(option);
        let _ = write!(text, "# {option}\n[[allow]]\ncall = {calls}\n");
        if !key.is_empty() {
            let _ = writeln!(text, "{key} = {}", Untrusted::new(value).quoted());
        }
        text.push('\n');
    };
    const LOOK: &str = r#"["class:read", "class:stat", "class:list"]"#;
    const CHANGE: &str = r#"["class:read", "class:stat", "class:list", "class:write", "class:create", "class:delete"]"#;
    let below = |guest: &str| format!("{}/**", literal(guest).trim_end_matches('/'));
    for mount in &grants.mounts {
        let (calls, end) = if mount.access == Access::ReadOnly { (LOOK, "::ro") } else { (CHANGE, "") };
        let option = format!("--dir {}::{}{end}", mount.host.display(), mount.guest);
        rule(&option, calls, "path", &below(&mount.guest));
    }
    for tree in &grants.trees {
        rule(&format!("--tmpfs {}", tree.guest), CHANGE, "path", &below(&tree.guest));
    }
    for network in &grants.network {
        let option = format!("--net {}", network.text);
        match network.text.split_once('=') {
            Some((of, to)) => rule(&option, &format!("\"class:{of}\""), "to", to),
            None => {
                let calls = r#"["class:connect", "class:listen", "class:udp", "class:resolve"]"#;
                rule(&option, calls, "to", "*");
            }
        }
    }
    for address in &grants.listen {
        rule(&format!("--listen {address}"), "\"class:listen\"", "to", &address.to_string());
    }
    for variable in &grants.variables {
        rule(&format!("--env {}", variable.name), "\"class:env\"", "", "");
    }
    if grants.inherit_env {
        rule("--inherit-env", "\"class:env\"", "", "");
    }
    text
}

/// A guest path as a pattern that matches nothing else.
fn literal(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for character in path.chars() {
        if "*?[{\\".contains(character) {
            text.push('\\');
        }
        text.push(character);
    }
    text
}
