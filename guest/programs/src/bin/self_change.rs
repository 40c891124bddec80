//! Destroys the file that it was loaded from, and goes on: `self_change FILE`.

use std::collections::BTreeMap;
use std::fs;

fn main() {
    let file = std::env::args().nth(1).expect("give a file");
    let length = fs::metadata(&file).expect("it is there").len();
    fs::write(&file, vec![0; usize::try_from(length).expect("it is small")]).expect("it can be overwritten");
    fs::write(&file, "").expect("it can be cut");
    // Code that was not needed before, and so not yet read.
    let mut words = BTreeMap::new();
    for word in format!("{:?} {:.3} {:e}", file, std::f64::consts::PI, 1e-300).split(' ') {
        *words.entry(word.to_owned()).or_insert(0_u32) += 1;
    }
    println!("still here: {} words, {}", words.len(), "äöü".to_uppercase());
}
