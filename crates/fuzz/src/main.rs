//! t
use callgate_fuzz::{backends::Backends, files::Files};
fn main() {
    if std::env::args().nth(3).is_some() {
        let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
        let from: u64 = std::env::args().nth(2).map_or(0, |s| s.parse().unwrap());
        let mut guests =
            callgate_fuzz::guests::Guests::new(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit")))
                .unwrap();
        let start = std::time::Instant::now();
        for seed in from..from + n {
            if let Err(error) = guests.component(seed) {
                println!("{seed}: {error:#}");
                break;
            }
        }
        println!("{:?}", start.elapsed());
        let start = std::time::Instant::now();
        for seed in from..from + n {
            if let Err(error) = guests.garbage(seed) {
                println!("{seed}: {error:#}");
                break;
            }
        }
        println!("{:?}", start.elapsed());
        for (what, end, count) in guests.ends() {
            println!("{count:6} {what} {end}");
        }
        return;
    }
    let n: u64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let from: u64 = std::env::args().nth(2).map_or(0, |s| s.parse().unwrap());
    let mut files = Files::new(Backends::all());
    let start = std::time::Instant::now();
    for seed in from..from + n {
        if let Err(found) = files.case(seed) {
            println!("{found}");
            break;
        }
    }
    println!("{} operations {:?}", files.tally().done(), start.elapsed());
    for (rule, n) in files.tally().rules() {
        println!("{} {n}", rule.name);
    }
    for (call, outcome, n) in files.tally().calls() {
        println!("{call} {outcome} {n}");
    }
}
