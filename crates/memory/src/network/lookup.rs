//! Names: `localhost` is this machine, and the others are those of `/etc/hosts` in the tree, as of any machine without a server
//! to ask.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use callgate_system::lookup::Answered;
use callgate_system::{Code, Directory, HostName, OpenHow, Opened, Result};

/// Bytes of `/etc/hosts` that are looked at.
const HOSTS_MAX: usize = 64 << 10;

/// A lookup of `name` on a machine of these files: there is nothing to wait for.
pub(super) fn answered(name: &str, root: &dyn Directory) -> Result<Answered> {
    Ok(Answered(match HostName::parse(name)? {
        HostName::Address(address) => Ok(vec![address]),
        HostName::Name(name) => addresses(name.strip_suffix('.').unwrap_or(name), root),
    }))
}

fn addresses(name: &str, root: &dyn Directory) -> Result<Vec<IpAddr>> {
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(vec![IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)]);
    }
    // A file that is not there, or can't be read, holds no names.
    let hosts = hosts(root).unwrap_or_default();
    let mut found = Vec::new();
    for address in of_name(&String::from_utf8_lossy(&hosts), name) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    if found.is_empty() { Err(Code::NameUnresolvable.into()) } else { Ok(found) }
}

fn hosts(root: &dyn Directory) -> Result<Vec<u8>> {
    let mut content = Vec::with_capacity(HOSTS_MAX);
    if let Opened::File(file) = root.open("etc/hosts", OpenHow { read: true, ..OpenHow::default() })? {
        let mut read = 0;
        while let more @ 1.. = file.read_at(&mut content, read)? as u64 {
            read += more;
        }
    }
    Ok(content)
}

/// The addresses of `name` in lines of an address and its names; `#` begins a comment.
fn of_name<'a>(hosts: &'a str, name: &'a str) -> impl Iterator<Item = IpAddr> + 'a {
    hosts.lines().filter_map(move |line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then(|| address.to_canonical())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_file() {
        let hosts = "# 1.1.1.1 db.example\n10.0.0.1\tdb.example DB2.example # db3.example\nno address db.example\n\n\
                     ::ffff:10.0.0.2 db.example\n10.0.0.3 db.example.org\n";
        let found = |name| of_name(hosts, name).map(|address| address.to_string()).collect::<Vec<_>>();
        assert_eq!(found("db.example"), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(found("db2.EXAMPLE"), ["10.0.0.1"]);
        assert!(found("db3.example").is_empty() && found("example").is_empty());
    }
}
