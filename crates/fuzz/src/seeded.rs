//! A case that is made of its seed, the same each time, and made as short as it goes where something is wrong with it.

use std::fmt::Debug;

use proptest::strategy::{BoxedStrategy, Strategy as _};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// A fault, with the script that shows it; no script where none could be made.
pub(crate) struct Wrong<S> {
    pub(crate) script: Option<S>,
    pub(crate) what: String,
}

/// Runs the one of `scripts` that `seed` stands for. Where that fails, up to `shrinking` shorter ones are run, too.
pub(crate) fn case<S: Debug>(
    seed: u64,
    scripts: &BoxedStrategy<S>,
    shrinking: u32,
    run: impl Fn(S) -> Result<(), String>,
) -> Result<(), Wrong<S>> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { failure_persistence: None, max_shrink_iters: shrinking, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let none = |what| Wrong { script: None, what };
    let tree = scripts.new_tree(&mut runner).map_err(|reason| none(format!("no script: {reason}")))?;
    match runner.run_one(tree, |script| run(script).map_err(TestCaseError::fail)) {
        Ok(_) => Ok(()),
        Err(TestError::Fail(reason, script)) => Err(Wrong { script: Some(script), what: reason.to_string() }),
        Err(TestError::Abort(reason)) => Err(none(reason.to_string())),
    }
}
