//! Asks for more random bytes than any memory holds: the host must refuse, not allocate. Argument 1: which.

fn main() {
    let bytes = match std::env::args().nth(1).as_deref() {
        Some("insecure") => wasip2::random::insecure::get_insecure_random_bytes(u64::MAX),
        _ => wasip2::random::random::get_random_bytes(u64::MAX),
    };
    println!("it came back with {} bytes", bytes.len());
}
