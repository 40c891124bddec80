//! Each range at both of its ends, and the addresses next to them.

use super::*;

fn of(text: &str) -> String {
    Reach::of(text.parse().expect(text)).to_string()
}

fn all_are(word: &str, addresses: &[&str]) {
    for address in addresses {
        assert_eq!(of(address), word, "{address}");
    }
}

#[test]
fn ranges_of_ipv4() {
    for (first, last, word) in [
        ("0.0.0.0", "0.255.255.255", "unspecified"),
        ("10.0.0.0", "10.255.255.255", "private"),
        ("100.64.0.0", "100.127.255.255", "private"),
        ("127.0.0.0", "127.255.255.255", "loopback"),
        ("169.254.0.0", "169.254.255.255", "link-local"),
        ("172.16.0.0", "172.31.255.255", "private"),
        ("192.0.0.0", "192.0.0.255", "reserved"),
        ("192.0.2.0", "192.0.2.255", "documentation"),
        ("192.88.99.0", "192.88.99.255", "reserved"),
        ("192.168.0.0", "192.168.255.255", "private"),
        ("198.18.0.0", "198.19.255.255", "benchmark"),
        ("198.51.100.0", "198.51.100.255", "documentation"),
        ("203.0.113.0", "203.0.113.255", "documentation"),
        ("224.0.0.0", "239.255.255.255", "multicast"),
        ("240.0.0.0", "255.255.255.254", "reserved"),
        ("255.255.255.255", "255.255.255.255", "broadcast"),
        ("168.63.129.16", "168.63.129.16", "metadata service"),
        ("100.100.100.200", "100.100.100.200", "metadata service"),
    ] {
        all_are(word, &[first, last]);
        let [first, last] = [first, last].map(|end| end.parse::<Ipv4Addr>().unwrap().to_bits());
        for beside in first.checked_sub(1).into_iter().chain(last.checked_add(1)).map(Ipv4Addr::from_bits) {
            assert_ne!(of(&beside.to_string()), word, "{beside}");
        }
    }
    all_are("link-local", &["169.254.169.254", "169.254.170.2"]);
    all_are("private", &["100.100.100.199", "100.100.100.201"]);
    all_are(
        "global",
        &[
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.88.100.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "198.51.101.0",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
        ],
    );
}

#[test]
fn ranges_of_ipv6() {
    for (first, last, word) in [
        ("::", "::", "unspecified"),
        ("::1", "::1", "loopback"),
        ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff", "benchmark"),
        ("2001:1::", "2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
        ("2001:2:1::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
        ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
        ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
        ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
        ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
        ("fc00::", "fcff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"),
        ("fd00:ec3::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"),
        ("fd00:ec2::", "fd00:ec2:ffff:ffff:ffff:ffff:ffff:ffff", "metadata service"),
        ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
        ("100::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "reserved"),
    ] {
        all_are(word, &[first, last]);
    }
    all_are(
        "metadata service",
        &[
            "fd00:ec2::254",
            "fd00:ec2::23",
            "fd20:ce::254",
            "fd00:c1::a9fe:a9fe",
            "fd00:a9fe:a9fe::1",
            "fd00:100::100:200",
            "fd00:42::42",
        ],
    );
    all_are("private", &["fd00:ec1:ffff::", "fd20:ce::253", "fd00:42::43", "fd12:3456::1"]);
    all_are(
        "global",
        &[
            "2000::",
            "2001:200::",
            "2001:db7:ffff::",
            "2001:db9::",
            "2001:ffff::",
            "2003::",
            "2606:4700:4700::1111",
            "3ffe:ffff::",
            "3fff:1000::",
        ],
    );
}

#[test]
fn an_ipv4_address_in_ipv6_is_judged_as_what_it_is() {
    let forms: &[fn(u32) -> u128] = &[
        |v4| 0xffff_u128 << 32 | u128::from(v4),
        |v4| u128::from(v4),
        |v4| 0x2002_u128 << 112 | u128::from(v4) << 80 | 1,
        |v4| 0x64_ff9b_u128 << 96 | u128::from(v4),
        |v4| 0x64_ff9b_0001_u128 << 80 | u128::from(v4),
        // A client whose server is 8.8.8.8, and a server whose client is.
        |v4| 0x2001_0000_0808_0808_u128 << 64 | u128::from(!v4),
        |v4| 0x2001_u128 << 112 | u128::from(v4) << 64 | u128::from(!0x0808_0808_u32),
    ];
    for (carried, word) in [
        ("127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),
        ("10.1.2.3", "private"),
        ("100.100.100.200", "metadata service"),
        ("255.255.255.255", "broadcast"),
        ("8.8.4.4", "global"),
    ] {
        let bits = carried.parse::<Ipv4Addr>().unwrap().to_bits();
        for form in forms {
            let address = Ipv6Addr::from_bits(form(bits));
            assert_eq!(of(&address.to_string()), word, "{carried} in {address}");
        }
    }
    // Beside the forms there is nothing that could be meant.
    all_are("reserved", &["64:ff9b::1:0:0", "64:ff9b:2::7f00:1", "::ffff:0:127.0.0.1", "::1:0:0", "64:ff9b:1::"]);
    all_are("global", &["2003:7f00:1::"]);
}

/// The target of a local translator depends on its prefix, whose length the address doesn't show.
#[test]
fn of_several_readings_the_lesser_counts() {
    all_are("loopback", &["64:ff9b:1:7f00:0:100::", "64:ff9b:1:7f:0:1::", "64:ff9b:1:0:7f:0:100:0"]);
    // 10.0.0.1 at 48 bits, 8.8.8.8 at 96.
    all_are("private", &["64:ff9b:1:a00:0:100:808:808"]);
}
