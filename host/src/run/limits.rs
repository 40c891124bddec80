//! The limits of a run: those of the options and those of the policy, the smaller of each.

use std::sync::{Arc, OnceLock};

use callgate_policy::{Guard, Limiter, Limits};
use callgate_system::System;
use callgate_trace::summary::LimitRow;
use callgate_wasi::{Sandbox, Usage};

use crate::arguments::RunOptions;
use crate::say;

/// The limits that hold, and what is used of them.
#[derive(Clone)]
pub(super) struct Kept {
    limits: Limits,
    limiter: Option<Arc<Limiter>>,
    usage: Arc<OnceLock<Usage>>,
}

impl Kept {
    /// The limits of the run. Those of what the program has are set at once; those of calls [begin](Kept::begin) later.
    pub(super) fn new(
        sandbox: &mut Sandbox,
        system: &Arc<dyn System>,
        options: &RunOptions,
        guard: Option<&Guard>,
    ) -> Self {
        let limits = given(options).and(guard.map(Guard::limits).unwrap_or_default());
        let number = |limit: u64| usize::try_from(limit).unwrap_or(usize::MAX);
        if let Some(bytes) = limits.memory {
            sandbox.max_memory(bytes);
        }
        if let Some(bytes) = limits.host_memory {
            sandbox.max_host_memory(bytes);
        }
        if let Some(handles) = limits.handles {
            sandbox.max_handles(number(handles));
        }
        if let Some(units) = limits.fuel {
            sandbox.fuel(units);
        }
        let most = |limit: Option<u64>| limit.map_or(usize::MAX, number);
        sandbox.max_instances_and_tables(most(limits.instances), most(limits.tables));
        let say = Box::new(|line: &str| say(&format!("callgate: {line}")));
        let limiter = Limiter::new(&limits, Arc::clone(system), say).map(Arc::new);
        Self { limits, limiter, usage: sandbox.usage() }
    }

    /// True if the program's code has to count fuel.
    pub(super) fn metered(&self) -> bool {
        self.limits.fuel.is_some()
    }

    /// Has the limits of calls decided on, where there are any.
    pub(super) fn begin(&self, sandbox: &mut Sandbox) {
        if let Some(limiter) = &self.limiter {
            sandbox.decider(Arc::clone(limiter) as Arc<_>);
        }
    }

    /// What was used of each limit, as far as that is known: of fuel and memory when the guest has ended.
    pub(super) fn used(&self) -> Vec<LimitRow> {
        let row = |name, limit: Option<u64>, used: Option<u64>| Some(LimitRow { name, used: used?, limit: limit? });
        let usage = self.usage.get();
        let of_guest = [
            row("fuel", self.limits.fuel, usage.and_then(|usage| usage.fuel)),
            row("memory", self.limits.memory, usage.map(|usage| usage.memory)),
        ];
        let of_calls = self.limiter.iter().flat_map(|limiter| limiter.used());
        let of_calls = of_calls.map(|of| LimitRow { name: of.key, used: of.used, limit: of.limit });
        of_guest.into_iter().flatten().chain(of_calls).collect()
    }
}

fn given(options: &RunOptions) -> Limits {
    let mut limits = options.limits.given();
    limits.memory = options.max_memory;
    limits.host_memory = options.max_host_memory;
    limits.handles = options.max_handles.map(|handles| handles as u64);
    limits
}
