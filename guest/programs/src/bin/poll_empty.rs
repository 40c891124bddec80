//! Polls an empty list: that would wait for ever, so it is a trap.

fn main() {
    println!("polling nothing");
    let ready = wasip2::io::poll::poll(&[]);
    println!("it came back with {ready:?}");
}
