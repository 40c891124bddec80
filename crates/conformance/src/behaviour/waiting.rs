//! The one place that waits, and the streams it waits for. Standard output is only ever given nothing to write.

use std::sync::Arc;

use callgate_system::Interest;

use super::net::each;
use super::stranger::Stranger;
use crate::Check;
use crate::stage::Stage;

cases! { "waiting";
    "a deadline in the past asks without waiting", "Waiter::wait" => past;
    "a deadline is waited for, and not less", "Waiter::wait" => deadline;
    "nothing to wait for is invalid", "Waiter::wait" => nothing;
    "a stream of another system counts as met", "Waiter::wait" => stranger;
    "ready is cleared first, and ascends", "Waiter::wait" => ready;
    "output in the past is ready or not, in order", "Waiter::wait" => output;
    "two waiters do not disturb each other", "Waiter::wait" => two_waiters;
    "a waiter serves again and again", "Waiter::wait" => again;
    "writing nothing is nothing", "System::stdio" => write_nothing;
    "being a terminal does not change", "System::stdio" => terminal;
}

fn past(stage: &Stage<'_>) -> Check {
    let now = stage.system.clock().monotonic();
    let mut ready = vec![7];
    for until in [0, now.saturating_sub(1_000_000_000), now] {
        fine!(stage.system.waiter().wait(&[], Some(until), &mut ready));
        same!(ready, [0; 0]);
    }
    Ok(())
}

fn deadline(stage: &Stage<'_>) -> Check {
    let clock = stage.system.clock();
    let mut waiter = stage.system.waiter();
    for length in [1, 1000, 1_000_000, 20_000_000] {
        let until = clock.monotonic() + length;
        let mut ready = vec![7];
        fine!(waiter.wait(&[], Some(until), &mut ready));
        holds!(clock.monotonic() >= until);
        same!(ready, [0; 0]);
    }
    Ok(())
}

fn nothing(stage: &Stage<'_>) -> Check {
    refused!(stage.system.waiter().wait(&[], None, &mut Vec::new()), Invalid);
    Ok(())
}

fn stranger(stage: &Stage<'_>) -> Check {
    let mut ready = Vec::new();
    for until in [None, Some(u64::MAX), Some(0)] {
        fine!(stage.system.waiter().wait(&[&Interest::Readable(Arc::new(Stranger))], until, &mut ready));
        same!(ready, [0]);
        fine!(stage.system.waiter().wait(&[&Interest::Writable(Arc::new(Stranger))], until, &mut ready));
        same!(ready, [0]);
    }
    Ok(())
}

fn ready(stage: &Stage<'_>) -> Check {
    let interests = [(); 5].map(|()| Interest::Readable(Arc::new(Stranger)));
    let mut ready = vec![9, 9, 9];
    fine!(stage.system.waiter().wait(&each(&interests), None, &mut ready));
    holds!(!ready.is_empty() && ready.is_sorted() && ready.iter().all(|index| *index < 5));
    Ok(())
}

fn output(stage: &Stage<'_>) -> Check {
    let stdio = stage.system.stdio();
    let interests = [Interest::Writable(stdio.stdout.clone()), Interest::Writable(stdio.stderr.clone())];
    let mut ready = vec![9];
    fine!(stage.system.waiter().wait(&each(&interests), Some(0), &mut ready));
    holds!(ready.is_sorted() && ready.iter().all(|index| *index < 2));
    Ok(())
}

fn two_waiters(stage: &Stage<'_>) -> Check {
    let (mut first, mut second) = (stage.system.waiter(), stage.system.waiter());
    let (mut ready_first, mut ready_second) = (Vec::new(), vec![3]);
    fine!(first.wait(&[&Interest::Readable(Arc::new(Stranger))], None, &mut ready_first));
    fine!(second.wait(&[], Some(0), &mut ready_second));
    same!((ready_first, ready_second), (vec![0], vec![]));
    Ok(())
}

fn again(stage: &Stage<'_>) -> Check {
    let mut waiter = stage.system.waiter();
    let mut ready = Vec::new();
    for _ in 0..100 {
        fine!(waiter.wait(&[&Interest::Writable(Arc::new(Stranger))], None, &mut ready));
        same!(ready, [0]);
        fine!(waiter.wait(&[], Some(0), &mut ready));
        same!(ready, [0; 0]);
    }
    Ok(())
}

fn write_nothing(stage: &Stage<'_>) -> Check {
    let stdio = stage.system.stdio();
    same!(fine_or_refused!(stdio.stdout.write(b""), WouldBlock | Pipe).unwrap_or(0), 0);
    same!(fine_or_refused!(stdio.stderr.write(b""), WouldBlock | Pipe).unwrap_or(0), 0);
    same!(fine_or_refused!(stdio.stdin.read(&mut Vec::new()), WouldBlock).unwrap_or(0), 0);
    Ok(())
}

fn terminal(stage: &Stage<'_>) -> Check {
    let tells = || {
        let stdio = stage.system.stdio();
        (stdio.stdin.is_terminal(), stdio.stdout.is_terminal(), stdio.stderr.is_terminal())
    };
    same!(tells(), tells());
    Ok(())
}
