//! Calls itself for ever: the stack ends, the host does not.

use std::hint::black_box;

#[expect(unconditional_recursion, reason = "this is the point")]
fn deeper(depth: u64) -> u64 {
    black_box(deeper(black_box(depth + 1))) + depth
}

fn main() {
    println!("going down");
    println!("came back with {}", deeper(0));
}
