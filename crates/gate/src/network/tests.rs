//! The accesses that each rule permits.

use super::*;

fn rules(texts: &[&str]) -> NetworkRules {
    NetworkRules::new(texts.iter().map(|text| text.parse().unwrap()).collect(), Arc::default())
}

fn connect(address: &str) -> NetworkAccess<'static> {
    NetworkAccess::Connect(address.parse().unwrap())
}

#[test]
fn nothing_is_permitted_without_a_rule() {
    let none = NetworkRules::default();
    assert!(!none.permit(connect("127.0.0.1:80")));
    assert!(!none.permit(NetworkAccess::Resolve("localhost")));
}

#[test]
fn a_rule_permits_its_own_use_only() {
    let rules = rules(&["connect=127.0.0.1:80"]);
    let address = "127.0.0.1:80".parse().unwrap();
    assert!(rules.permit(NetworkAccess::Connect(address)));
    assert!(!rules.permit(NetworkAccess::Listen(address)));
    assert!(!rules.permit(NetworkAccess::Udp(address)));
    assert!(!rules.permit(connect("127.0.0.1:81")));
    assert!(!rules.permit(connect("127.0.0.2:80")));
}

#[test]
fn who_may_connect_may_bind_to_any_free_port_but_not_listen_there() {
    let any = "0.0.0.0:0".parse().unwrap();
    let tcp = rules(&["connect=127.0.0.1:80"]);
    assert!(tcp.permit(NetworkAccess::Bind(any)));
    assert!(!tcp.permit(NetworkAccess::Listen(any)));
    assert!(!tcp.permit(NetworkAccess::Bind("0.0.0.0:80".parse().unwrap())));
    assert!(!tcp.permit(NetworkAccess::BindUdp(any)));
    let udp = rules(&["udp=127.0.0.1:53"]);
    assert!(udp.permit(NetworkAccess::BindUdp(any)));
    assert!(!udp.permit(NetworkAccess::BindUdp("0.0.0.0:53".parse().unwrap())));
    assert!(!udp.permit(NetworkAccess::Bind(any)));
}

#[test]
fn networks_and_port_ranges() {
    let rules = rules(&["connect=10.1.0.0/16:8000-8010", "connect=[fd00::]/8", "listen=127.0.0.1:0"]);
    assert!(rules.permit(connect("10.1.255.1:8010")));
    assert!(!rules.permit(connect("10.2.0.1:8010")));
    assert!(!rules.permit(connect("10.1.0.1:8011")));
    assert!(rules.permit(connect("[fd12::1]:1")));
    assert!(!rules.permit(connect("[fe80::1]:1")));
    assert!(rules.permit(NetworkAccess::Listen("127.0.0.1:0".parse().unwrap())));
    assert!(!rules.permit(NetworkAccess::Listen("0.0.0.0:0".parse().unwrap())));
}

#[test]
fn an_address_in_the_clothes_of_the_other_family_is_the_same_address() {
    let rules = rules(&["connect=127.0.0.1:80"]);
    assert!(rules.permit(connect("[::ffff:127.0.0.1]:80")));
}

#[test]
fn a_name_grants_what_the_guests_own_lookup_told() {
    let rules = rules(&["connect=db.example:5432", "resolve=db.example"]);
    assert!(rules.permit(NetworkAccess::Resolve("DB.example")));
    assert!(!rules.permit(NetworkAccess::Resolve("evil.example")));
    assert!(!rules.permit(connect("9.9.9.7:5432")));
    rules.learn("db.example", "9.9.9.7".parse().unwrap());
    rules.learn("evil.example", "9.9.9.8".parse().unwrap());
    assert!(rules.permit(connect("9.9.9.7:5432")));
    assert!(rules.permit(connect("[::ffff:9.9.9.7]:5432")));
    assert!(!rules.permit(connect("9.9.9.7:5433")));
    assert!(!rules.permit(connect("9.9.9.8:5432")));
}

#[test]
fn every_name_may_be_looked_up_and_grants_nothing_by_that() {
    let rules = rules(&["resolve=*"]);
    for name in ["a.example", "localhost", "A.B."] {
        assert!(rules.permit(NetworkAccess::Resolve(name)), "{name}");
        rules.learn(name, "9.9.9.9".parse().unwrap());
    }
    assert!(!rules.permit(connect("9.9.9.9:80")));
    assert!("connect=*".parse::<Rule>().is_err());
}

/// Each kind of name grants only some of the addresses that its owner may answer with.
#[test]
fn a_name_grants_no_more_than_a_name_should() {
    let answers =
        ["8.8.8.8", "10.0.0.1", "fd00::1", "100.64.0.1", "127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254"];
    let (loopback, global) = (["127.0.0.1", "::1"], ["8.8.8.8"]);
    let exact = ["8.8.8.8", "10.0.0.1", "fd00::1", "100.64.0.1"];
    for (rule, name, granted) in [
        ("db.example", "db.example", &exact[..]),
        ("db.example", "DB.example.", &exact),
        ("*.example", "db.example", &global),
        ("localhost", "localhost", &loopback),
        ("localhost", "LOCALHOST.", &loopback),
        ("app.localhost", "app.localhost", &loopback),
        ("*.localhost", "app.localhost", &loopback),
        ("localhost.example", "localhost.example", &exact),
        ("notlocalhost", "notlocalhost", &exact),
        ("db.example@127.0.0.0/8", "db.example", &["127.0.0.1"]),
        ("db.example@169.254.169.254", "db.example", &["169.254.169.254"]),
        ("db.example@fd00::/8", "db.example", &["fd00::1", "fd00:ec2::254"]),
        ("db.example@::1", "db.example", &["::1"]),
        ("*.example@10.0.0.0/8", "db.example", &["10.0.0.1"]),
        ("localhost@10.0.0.0/8", "localhost", &["10.0.0.1"]),
        ("db.example@0.0.0.0/0", "other.example", &[]),
    ] {
        for of in ["connect", "listen", "udp"] {
            let rules = rules(&[&format!("{of}={rule}")]);
            answers.iter().for_each(|answer| rules.learn(name, answer.parse().unwrap()));
            for answer in answers {
                let address = SocketAddr::new(answer.parse().unwrap(), 80);
                let uses = [
                    ("connect", NetworkAccess::Connect(address)),
                    ("listen", NetworkAccess::Bind(address)),
                    ("listen", NetworkAccess::Listen(address)),
                    ("udp", NetworkAccess::Udp(address)),
                    ("udp", NetworkAccess::BindUdp(address)),
                ];
                for (wanted, access) in uses {
                    let expected = wanted == of && granted.contains(&answer);
                    assert_eq!(rules.permit(access), expected, "{of}={rule}, {name} is {answer}: {access:?}");
                }
            }
        }
    }
}

/// An IPv4 address that a tunnel or a translator would send to is what counts.
#[test]
fn a_name_leads_nowhere_in_other_clothes() {
    let rules = rules(&["connect=db.example"]);
    for answer in
        ["::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::1", "64:ff9b::a9fe:a9fe", "2001:0:808:808::80ff:fffe"]
    {
        let address: IpAddr = answer.parse().unwrap();
        rules.learn("db.example", address);
        assert!(!rules.permit(NetworkAccess::Connect(SocketAddr::new(address, 80))), "{answer}");
    }
}

#[test]
fn a_zone_is_no_part_of_an_answer() {
    let rules = rules(&["connect=db.example", "connect=db.example@fe80::/10", "connect=[fd00::2]"]);
    rules.learn("db.example", "fd00::1".parse().unwrap());
    rules.learn("db.example", "fe80::1".parse().unwrap());
    let zoned = |address: &str, zone| {
        NetworkAccess::Connect(std::net::SocketAddrV6::new(address.parse().unwrap(), 80, 0, zone).into())
    };
    assert!(rules.permit(zoned("fd00::1", 0)) && rules.permit(zoned("fe80::1", 0)));
    assert!(!rules.permit(zoned("fd00::1", 2)) && !rules.permit(zoned("fe80::1", 2)));
    // Of an address that the user wrote the zone is the guest's choice.
    assert!(rules.permit(zoned("fd00::2", 2)));
    assert_eq!(zoned("fe80::1", 2).to_string(), "connect=[fe80::1]:80");
}

#[test]
fn old_answers_make_room() {
    let rules = rules(&["connect=*.example"]);
    for number in 0..=ANSWERS {
        let number = u32::try_from(number).unwrap();
        rules.learn(&format!("n{number}.example"), IpAddr::from((0x0808_0000 + number).to_be_bytes()));
    }
    assert_eq!(rules.answers.borrow().len(), ANSWERS);
    assert!(!rules.permit(connect("8.8.0.0:80")) && rules.permit(connect("8.8.0.1:80")));
}

#[test]
fn what_is_missing_is_said_as_the_rule_to_add() {
    assert_eq!(connect("10.0.0.5:443").to_string(), "connect=10.0.0.5:443");
    assert_eq!(NetworkAccess::Resolve("a.example").to_string(), "resolve=a.example");
    assert!(rules(&[&connect("[::1]:443").to_string()]).permit(connect("[::1]:443")));
}

/// Where the name was the reason, the line says so, and the rule that it names is enough.
#[test]
fn a_refusal_says_that_the_name_was_the_reason() {
    for (rule, name, answer, said) in [
        (
            "connect=evil.example:80",
            "Evil.example.",
            "127.0.0.1",
            "evil.example led to a loopback address, which its name alone does not grant; \
             add --net connect=evil.example@127.0.0.1:80",
        ),
        (
            "connect=*.example",
            "a.example",
            "::1",
            "a.example led to a loopback address, which its name alone does not grant; \
             add --net connect=a.example@[::1]:80",
        ),
        (
            "connect=*.example",
            "a.example",
            "10.0.0.1",
            "a.example led to a private address, which its name alone does not grant; \
             add --net connect=a.example@10.0.0.1:80",
        ),
        // The name has no part in it.
        ("connect=evil.example:81", "evil.example", "127.0.0.1", "add --net connect=127.0.0.1:80"),
        ("listen=evil.example:80", "evil.example", "127.0.0.1", "add --net connect=127.0.0.1:80"),
    ] {
        let access = NetworkAccess::Connect(SocketAddr::new(answer.parse().unwrap(), 80));
        let before = rules(&[rule]);
        before.learn(name, answer.parse().unwrap());
        assert!(!before.permit(access), "{rule}");
        let missing = before.missing(access);
        assert_eq!(missing.to_string(), said);
        let after = rules(&[rule, &missing.rule]);
        after.learn(name, answer.parse().unwrap());
        assert!(after.permit(access), "{rule} and {}", missing.rule);
    }
}
