//! The least a program can do: what remains is the cost of starting it.

fn main() {
    println!("Hello, world!");
}
