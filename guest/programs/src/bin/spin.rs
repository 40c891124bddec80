//! A loop without end and without a call of the host.

fn main() {
    println!("spinning");
    let mut count = 0_u64;
    loop {
        count = std::hint::black_box(count + 1);
    }
}
