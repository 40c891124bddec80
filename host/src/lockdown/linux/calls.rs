//! seccomp: the system calls that a run makes, each with what needs it. Any other fails with `EPERM`.
//!
//! It fails, and does not end the process: a C library tries a call and does without, so that an end would come from its next version; and
//! whoever has got into the process learns no more from an error than from the source. `clone3` fails with `ENOSYS`, after which glibc takes `clone`, whose
//! flags can be looked at.
//!
//! The kernel keeps a table of the calls that are permitted whatever their arguments are, and runs no filter for them. So the calls that
//! a guest makes most are among those, and the order of the others is no matter.

use std::collections::BTreeMap;
use std::process;

use nix::libc::{self, c_int, c_long};
use seccompiler::SeccompCmpArgLen::{Dword, Qword};
use seccompiler::SeccompCmpOp::{Eq, MaskedEq};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCondition, SeccompFilter, SeccompRule, TargetArch, apply_filter_all_threads,
};

use super::super::plan::Plan;
use super::old_calls::OLD;

type Result<T> = std::result::Result<T, seccompiler::Error>;
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Calls for which the arguments don't matter.
const ALWAYS: &[c_long] = &[
    // Files: `crates/linux/src/file.rs`, `stdio.rs`; std's `File`, for traces and the portable backend.
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_pwrite64,
    libc::SYS_preadv,
    libc::SYS_pwritev,
    libc::SYS_preadv2,
    libc::SYS_pwritev2,
    libc::SYS_lseek,
    libc::SYS_ftruncate,
    libc::SYS_fsync,
    libc::SYS_fdatasync,
    libc::SYS_fadvise64,
    libc::SYS_close,
    // What they are: `stat.rs`, `procfs.rs` of `crates/mounts`; std's `Metadata`.
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstatfs,
    // Directories: `crates/linux/src/resolve`, `directory.rs`, `entries.rs`; cap-std. Landlock decides where.
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_getdents64,
    libc::SYS_mkdirat,
    libc::SYS_unlinkat,
    libc::SYS_renameat,
    libc::SYS_renameat2,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_readlinkat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    // `crates/linux/src/times.rs`.
    libc::SYS_utimensat,
    // A file is sealed, or unsealed, by its mode: `crates/linux/src/sealed.rs`; cap-std.
    libc::SYS_fchmod,
    libc::SYS_fchmodat,
    // Waiting: `crates/linux/src/wait.rs`, `lookup.rs`; the portable backend's `wait.rs` and `bell.rs`.
    libc::SYS_ppoll,
    libc::SYS_epoll_create1,
    libc::SYS_epoll_ctl,
    libc::SYS_epoll_pwait,
    libc::SYS_epoll_pwait2,
    libc::SYS_eventfd2,
    libc::SYS_pipe2,
    // Time: `clock.rs`, where the vDSO has none; std's `sleep`.
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_gettimeofday,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    // `crates/linux/src/random.rs`; std's hash maps.
    libc::SYS_getrandom,
    // Memory that holds no code: the engine's growth and reset of memories, glibc's allocator, stacks of threads.
    libc::SYS_brk,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    // The engine's image of a program's first memory, where its code came from no file.
    libc::SYS_memfd_create,
    // Threads, which watch the time and the policy, read input and look up names: std and glibc.
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Signals: the engine's traps, signal-hook's handlers.
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    // The pair of sockets by which signal-hook's handlers wake its thread. No socket is to be had for them else.
    libc::SYS_recvfrom,
    libc::SYS_sendto,
    // What the process used, for the summary: `platform/unix.rs`.
    libc::SYS_getrusage,
    // Who it is: std's and rustix's look at capabilities and ids, `crates/linux/src/sealed.rs`.
    libc::SYS_capget,
    libc::SYS_geteuid,
    libc::SYS_getuid,
];

/// Calls on sockets that are there: `crates/linux/src/socket.rs`, and std's and rustix's for the portable backend.
const ON_SOCKETS: &[c_long] = &[
    libc::SYS_bind,
    libc::SYS_connect,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_accept,
    libc::SYS_getsockname,
    libc::SYS_getpeername,
    libc::SYS_getsockopt,
    libc::SYS_sendmsg,
    libc::SYS_recvmsg,
    libc::SYS_shutdown,
];

/// Options of sockets: `crates/linux/src/socket/options.rs`, `crates/portable/src/socket/options.rs`. No filter can be set.
const OPTIONS: &[(c_int, c_int)] = &[
    (libc::SOL_SOCKET, libc::SO_REUSEADDR),
    (libc::SOL_SOCKET, libc::SO_KEEPALIVE),
    (libc::SOL_SOCKET, libc::SO_LINGER),
    (libc::SOL_SOCKET, libc::SO_SNDBUF),
    (libc::SOL_SOCKET, libc::SO_RCVBUF),
    (libc::IPPROTO_TCP, libc::TCP_KEEPCNT),
    (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE),
    (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL),
    (libc::IPPROTO_TCP, libc::TCP_NODELAY),
    (libc::IPPROTO_IP, libc::IP_TTL),
    (libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS),
    (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY),
];

/// Flags of `clone` that make a process, or a world of its own, of a thread.
const NO_THREAD: c_int = libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET
    | libc::CLONE_PTRACE
    | libc::CLONE_VFORK;

/// Refuses all calls but those that `plan` needs, to all threads.
///
/// # Errors
/// If the kernel has no seccomp, or not for all threads at once.
pub(super) fn restrict(plan: &Plan) -> Result<()> {
    // The first that was installed is asked last, and the hardest answer counts.
    let no_clone3 = Rules::from([(libc::SYS_clone3, Vec::new())]);
    let missing = SeccompAction::Errno(libc::ENOSYS.cast_unsigned());
    apply_filter_all_threads(&program(no_clone3, SeccompAction::Allow, missing)?)?;
    let refused = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    apply_filter_all_threads(&program(rules(plan)?, refused, SeccompAction::Allow)?)
}

fn program(rules: Rules, others: SeccompAction, these: SeccompAction) -> Result<BpfProgram> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(seccompiler::Error::Backend)?;
    let filter = SeccompFilter::new(rules, others, these, architecture).map_err(seccompiler::Error::Backend)?;
    BpfProgram::try_from(filter).map_err(seccompiler::Error::Backend)
}

fn rules(plan: &Plan) -> Result<Rules> {
    let mut rules: Rules = ALWAYS.iter().chain(OLD).map(|call| (*call, Vec::new())).collect();
    // It was permitted above, for the filter that is asked for it.
    rules.insert(libc::SYS_clone3, Vec::new());
    if plan.tcp || plan.udp {
        rules.extend(ON_SOCKETS.iter().map(|call| (*call, Vec::new())));
        rules.insert(libc::SYS_setsockopt, each(OPTIONS, |(level, option)| vec![is(1, *level), is(2, *option)])?);
        rules.insert(libc::SYS_socket, sockets(plan)?);
    }
    if plan.lookups {
        // To the helper: `resolver.rs`.
        rules.insert(libc::SYS_sendmsg, Vec::new());
    }
    with_arguments(&mut rules)?;
    Ok(rules)
}

/// `socket`, of the kinds that are granted.
fn sockets(plan: &Plan) -> Result<Vec<SeccompRule>> {
    let kinds = [(plan.tcp, libc::SOCK_STREAM), (plan.udp, libc::SOCK_DGRAM)];
    let kinds = kinds.into_iter().filter_map(|(granted, kind)| granted.then_some(kind));
    let all: Vec<_> = kinds.flat_map(|kind| [(libc::AF_INET, kind), (libc::AF_INET6, kind)]).collect();
    // Flags stand beside the kind.
    each(&all, |(family, kind)| vec![is(0, *family), masked(1, 0xf, *kind)])
}

fn with_arguments(rules: &mut Rules) -> Result<()> {
    // No memory is made code: what was compiled before is all there is. The engine's memories, glibc's allocator, stacks of threads.
    let no_code = || each(&[libc::PROT_EXEC], |exec| vec![masked(2, *exec, 0)]);
    rules.insert(libc::SYS_mmap, no_code()?);
    rules.insert(libc::SYS_mprotect, no_code()?);
    // Threads alone: std's.
    let thread = libc::CLONE_THREAD | libc::CLONE_VM;
    rules.insert(libc::SYS_clone, each(&[thread], |thread| vec![masked(0, thread | NO_THREAD, *thread)])?);
    // A thread's name: std's.
    rules.insert(libc::SYS_prctl, each(&[libc::PR_SET_NAME], |option| vec![is(0, *option)])?);
    // Flags of descriptors, and copies: rustix, std. Seals: the engine's image of a program's first memory.
    let flags = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_SETFL, libc::F_DUPFD_CLOEXEC, libc::F_ADD_SEALS];
    rules.insert(libc::SYS_fcntl, each(&flags, |command| vec![is(1, *command)])?);
    // Is it a terminal, does it wait, what is left: `stdio.rs`, std's sockets. Nothing is typed into a terminal (`TIOCSTI`).
    let requests = [libc::TCGETS, libc::FIONBIO, libc::FIONREAD];
    rules.insert(libc::SYS_ioctl, each(&requests, |request| vec![condition(1, Dword, Eq, *request)])?);
    // A signal to itself: std's `abort`, and signal-hook, which ends the process as the signal would have.
    rules.insert(libc::SYS_tgkill, each(&[process::id()], |id| vec![is(0, id.cast_signed())])?);
    // Its own limits are read, none is set: glibc, for the size of a stack.
    rules.insert(libc::SYS_prlimit64, each(&[0], |null| vec![condition(2, Qword, Eq, *null)])?);
    Ok(())
}

/// One rule for each of `all`.
fn each<T>(all: &[T], conditions: impl Fn(&T) -> Vec<Condition>) -> Result<Vec<SeccompRule>> {
    let rule = |one| SeccompRule::new(conditions(one).into_iter().collect::<std::result::Result<_, _>>()?);
    all.iter().map(rule).collect::<std::result::Result<_, _>>().map_err(seccompiler::Error::Backend)
}

type Condition = std::result::Result<SeccompCondition, seccompiler::BackendError>;

fn condition(
    argument: u8,
    length: seccompiler::SeccompCmpArgLen,
    comparison: seccompiler::SeccompCmpOp,
    value: u64,
) -> Condition {
    SeccompCondition::new(argument, length, comparison, value)
}

/// True of a call whose argument, from 0, has this value.
fn is(argument: u8, value: c_int) -> Condition {
    condition(argument, Dword, Eq, bits(value))
}

/// True of one that has it as far as `mask` goes.
fn masked(argument: u8, mask: c_int, value: c_int) -> Condition {
    condition(argument, Dword, MaskedEq(bits(mask)), bits(value))
}

/// The 32 bits of an argument.
fn bits(value: c_int) -> u64 {
    value.cast_unsigned().into()
}
