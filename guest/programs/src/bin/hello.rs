//! Prints one line: the least that a program can do.

fn main() {
    println!("hello, world");
}
