//! The observers of a run: its audit, its trace, its summary, what learns its policy, and the look at it. What they hold back comes out however the
//! process ends.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, bail};
use callgate_policy::Guard;
use callgate_system::{System, Untrusted};
use callgate_trace::Recorder;
use callgate_wasi::{Observer, Sandbox};

use super::limits::Kept;
use super::{audit, learn, look, setup, summary, trace};
use crate::arguments::RunOptions;
use crate::{last_words, platform};

/// The reason for which a file could not be written, if so.
pub(super) type Lost = Arc<OnceLock<String>>;

/// A file that could not be written.
pub(super) struct Loss<'a> {
    /// The option that asks for it.
    pub(super) option: &'static str,
    pub(super) why: &'a String,
    /// What that means, and what to do; `{}` stands for the program.
    pub(super) what_then: &'static str,
}

/// What observes a run, to be asked for what it lacks.
pub(super) struct Observers {
    trace: Option<Arc<Recorder>>,
    lost: [(&'static str, &'static str, Lost); 3],
    /// With the option that they are heeded for.
    signals: Option<(&'static str, platform::Ending)>,
}

fn unheard(option: &str) -> String {
    format!("{option}: cannot be told of signals")
}

impl Observers {
    /// Adds the observers that the options ask for.
    pub(super) fn begin(
        sandbox: &mut Sandbox,
        system: &Arc<dyn System>,
        options: &RunOptions,
        (guard, limits): (Option<&Arc<Guard>>, &Kept),
        asked: &Arc<AtomicBool>,
    ) -> Result<Self> {
        refuse_shared(options)?;
        let lost = [
            ("--audit", "{} was ended, as what it does could not be noted; write the audit elsewhere"),
            ("--learn", "the policy of {} is lost; write it elsewhere"),
            ("--trace-summary", "the summary of {} is lost; write it elsewhere"),
        ];
        let lost = lost.map(|(option, what_then)| (option, what_then, Lost::default()));
        let [of_audit, of_policy, of_summary] = [0, 1, 2].map(|number: usize| &lost[number].2);
        // What can't be noted must not happen, so the audit comes first.
        let audit = audit::begin(sandbox, system, options, guard, of_audit)?;
        let learner = learn::begin(sandbox, options, of_policy)?;
        let trace = trace::begin(sandbox, system, options)?;
        // The look comes before what tells something on the terminal: its line is gone then.
        let look = look::begin(sandbox, options, asked)?;
        let all = [
            audit.map(|audit| audit as Arc<dyn Observer>),
            look,
            trace.clone().map(|trace| trace as Arc<dyn Observer>),
            summary::begin(options, system, of_summary, limits)?,
            learner.map(|learner| learner as Arc<dyn Observer>),
        ];
        let all: Vec<_> = all.into_iter().flatten().collect();
        for observer in &all {
            sandbox.observer(Arc::clone(observer));
        }
        let drawn = look::is_drawn(options).then_some("--progress");
        let signals = match files(options).next().map(|(option, _)| option).or(drawn) {
            None => None,
            Some(option) => {
                last_words::keep(all);
                Some((option, platform::Ending::new().with_context(|| unheard(option))?))
            }
        };
        Ok(Self { trace, lost, signals })
    }

    /// From now on a signal brings out what they hold back.
    ///
    /// # Errors
    /// If no thread can be had for that.
    pub(super) fn heed_signals(&mut self) -> Result<()> {
        let Some((option, signals)) = self.signals.take() else { return Ok(()) };
        signals.watch(last_words::before_signal).with_context(|| unheard(option))
    }

    /// What was asked for and could not be written, besides the trace.
    pub(super) fn lost(&self) -> Vec<Loss<'_>> {
        let lost =
            self.lost.iter().filter_map(|(option, what_then, why)| Some(Loss { option, what_then, why: why.get()? }));
        lost.collect()
    }

    /// Says what a lossy trace lacks; the code to end with, where `code` is that of a whole one.
    pub(super) fn report_loss(&self, code: u8) -> u8 {
        self.trace.as_ref().map_or(code, |trace| trace::report_loss(trace, code))
    }
}

/// Whoever observes: the option that asks for it, and its file, or none for standard error.
fn files(options: &RunOptions) -> impl Iterator<Item = (&'static str, Option<PathBuf>)> + use<> {
    let given = |file: &'_ Option<PathBuf>| -> Option<Option<PathBuf>> { file.clone().map(Some) };
    let all = [
        ("--audit", given(&options.audit.file)),
        ("--learn", given(&options.learn)),
        ("--trace", options.trace.file.clone()),
        ("--trace-summary", options.summary.file.clone()),
    ];
    all.into_iter().filter_map(|(option, file)| Some((option, file?)))
}

/// Refuses one file for an audit or a policy and something else: each would spoil the other.
fn refuse_shared(options: &RunOptions) -> Result<()> {
    let place = |path: &Path| fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let is_device = |path: &Path| path.metadata().is_ok_and(|found| !found.is_file());
    let mut seen: Vec<(&str, PathBuf)> = options.policy.iter().map(|file| ("--policy", place(file))).collect();
    for (option, file) in files(options) {
        let Some(file) = file.filter(|file| !is_device(file)) else { continue };
        let place = place(&file);
        if let Some((other, _)) = seen.iter().find(|(_, known)| *known == place) {
            bail!("{option} {}: that is the file of {other}; give each its own", Untrusted::new(file.display()));
        }
        seen.push((option, place));
    }
    Ok(())
}

/// A trace that the guest could write to tells what the guest likes. Devices and pipes are no file of a mount.
pub(super) fn refuse_within_reach(sandbox: &Sandbox, options: &RunOptions) -> Result<()> {
    for (option, file) in files(options) {
        let Some(path) = file.clone().or_else(platform::standard_error) else { continue };
        let is_file = path.metadata().map_or(true, |found| found.is_file());
        if is_file && setup::may_write(sandbox, options, &path) {
            let shown = file.map_or_else(|| "of standard error".to_owned(), |file| file.display().to_string());
            bail!("{option} {shown}: the program could change it there; write it to where no --dir leads");
        }
    }
    Ok(())
}
