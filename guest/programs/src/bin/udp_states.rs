//! Every call on a UDP socket in every state, by the bindings. Argument 1: `ipv4` or `ipv6`.

use std::process::ExitCode;

use programs::sockets::{bound_udp, loopback, network, receive, send, text, udp, v4, v6};
use programs::{Context, Failure, Outcome, argument, check, refused, run, same};
use wasip2::io::poll::poll;
use wasip2::sockets::network::ErrorCode as Code;
use wasip2::sockets::network::IpAddressFamily as Family;
use wasip2::sockets::udp::{OutgoingDatagram, UdpSocket};

const NO: &[Code] = &[Code::InvalidArgument];
const STATE: &[Code] = &[Code::InvalidState];

fn main() -> ExitCode {
    run(|| {
        let family = match argument(1)?.as_str() {
            "ipv4" => Family::Ipv4,
            "ipv6" => Family::Ipv6,
            other => return Err(Failure::new(format!("`{other}` is no family"))),
        };
        binding(family)?;
        addresses(family)?;
        to_everybody(family)?;
        with_one_peer(family)?;
        batches(family)?;
        dropped_first(family)?;
        println!("udp_states: all well");
        Ok(())
    })
}

fn binding(family: Family) -> Outcome {
    let socket = udp(family)?;
    refused("finish-bind of a fresh socket", socket.finish_bind(), &[Code::NotInProgress])?;
    refused("stream of a fresh socket", socket.stream(None), STATE)?;
    refused("stream with a peer of a fresh socket", socket.stream(Some(loopback(family, 9))), STATE)?;
    refused("local-address of a fresh socket", socket.local_address(), STATE)?;
    refused("remote-address of a fresh socket", socket.remote_address(), STATE)?;
    options(&socket)?;
    check("it is ready, as nothing goes on", socket.subscribe().ready())?;

    socket.start_bind(&network(), loopback(family, 0)).context("start-bind")?;
    let again = socket.start_bind(&network(), loopback(family, 0));
    refused("start-bind while binding", again, &[Code::ConcurrencyConflict])?;
    refused("stream while binding", socket.stream(None), &[Code::InvalidState, Code::ConcurrencyConflict])?;
    socket.subscribe().block();
    socket.finish_bind().context("finish-bind")?;
    refused("finish-bind of a bound socket", socket.finish_bind(), &[Code::NotInProgress])?;
    refused("start-bind of a bound socket", socket.start_bind(&network(), loopback(family, 0)), STATE)?;
    refused("remote-address of a bound socket", socket.remote_address(), STATE)?;
    check("address-family", socket.address_family() == family)?;
    options(&socket)?;

    let taken = udp(family)?.start_bind(&network(), socket.local_address()?);
    refused("binding where another is", taken, &[Code::AddressInUse])
}

fn options(socket: &UdpSocket) -> Outcome {
    socket.set_unicast_hop_limit(42).context("set-unicast-hop-limit")?;
    same("unicast-hop-limit", socket.unicast_hop_limit()?, 42)?;
    socket.set_receive_buffer_size(0x10000).context("set-receive-buffer-size")?;
    check("receive-buffer-size", socket.receive_buffer_size()? > 0)?;
    socket.set_send_buffer_size(0x10000).context("set-send-buffer-size")?;
    check("send-buffer-size", socket.send_buffer_size()? > 0)?;
    refused("a hop limit of 0", socket.set_unicast_hop_limit(0), NO)?;
    refused("a receive buffer of 0", socket.set_receive_buffer_size(0), NO)?;
    refused("a send buffer of 0", socket.set_send_buffer_size(0), NO)?;
    socket.set_receive_buffer_size(u64::MAX).context("the largest receive buffer")?;
    socket.set_send_buffer_size(u64::MAX).context("the largest send buffer")
}

fn addresses(family: Family) -> Outcome {
    let other = match family {
        Family::Ipv4 => Family::Ipv6,
        Family::Ipv6 => Family::Ipv4,
    };
    let unspecified = match family {
        Family::Ipv4 => v4([0; 4], 9),
        Family::Ipv6 => v6([0; 8], 9),
    };
    let mapped = v6([0, 0, 0, 0, 0, 0xffff, 0x7f00, 1], 9);
    let fresh = udp(family)?;
    for address in [loopback(other, 0), mapped] {
        refused(format!("start-bind to {}", text(address)), fresh.start_bind(&network(), address), NO)?;
    }
    let (socket, _) = bound_udp(family)?;
    for address in [loopback(other, 9), mapped, unspecified, loopback(family, 0)] {
        refused(format!("stream with {}", text(address)), socket.stream(Some(address)), NO)?;
        refused("remote-address after that", socket.remote_address(), STATE)?;
        let (_input, out) = socket.stream(None).context("stream")?;
        refused(format!("send to {}", text(address)), send(&out, b"x", Some(address)), NO)?;
    }
    Ok(())
}

fn to_everybody(family: Family) -> Outcome {
    let ((one, one_port), (two, two_port)) = (bound_udp(family)?, bound_udp(family)?);
    let ((input, out), (other_input, other_out)) = (one.stream(None)?, two.stream(None)?);
    refused("sending to nobody", send(&out, b"x", None), NO)?;
    check("there is room to send", out.subscribe().ready() && out.check_send().context("check-send")? > 0)?;
    check("nothing has come", !input.subscribe().ready() && input.receive(10).context("receive")?.is_empty())?;
    // The longest that an IP packet holds, and all of its headers.
    let longest = match family {
        Family::Ipv4 => 65_507,
        Family::Ipv6 => 65_527,
    };
    for length in [0, 1, 1400, 65_000, longest] {
        let sent = vec![length as u8; length];
        send(&out, &sent, Some(loopback(family, two_port))).context("send")?;
        let (received, from) = receive(&other_input).context("receive")?;
        check(format!("{length} bytes arrive"), received == sent)?;
        same("their sender", text(from), text(loopback(family, one_port)))?;
        send(&other_out, &received, Some(from)).context("send back")?;
        check("and come back", receive(&input).context("receive")?.0 == sent)?;
    }
    for length in [longest + 1, 65_535, 65_536, 1 << 20] {
        let large = send(&out, &vec![0; length], Some(loopback(family, two_port)));
        refused(format!("{length} bytes in one datagram"), large, &[Code::DatagramTooLarge])?;
    }
    send(&out, b"after", Some(loopback(family, two_port))).context("send after an error")?;
    same("what came", receive(&other_input).context("receive")?.0, b"after".to_vec())
}

fn with_one_peer(family: Family) -> Outcome {
    let ((one, one_port), (two, two_port)) = (bound_udp(family)?, bound_udp(family)?);
    let (stranger, stranger_port) = bound_udp(family)?;
    let (_, strange_out) = stranger.stream(None)?;
    let (other_input, other_out) = two.stream(None)?;
    let (input, out) = one.stream(Some(loopback(family, two_port))).context("stream with a peer")?;
    same("remote-address", text(one.remote_address()?), text(loopback(family, two_port)))?;
    refused("sending to another", send(&out, b"x", Some(loopback(family, stranger_port))), NO)?;
    for remote in [None, Some(loopback(family, two_port))] {
        send(&out, b"to the peer", remote).context("send")?;
        same("what came", receive(&other_input)?.0, b"to the peer".to_vec())?;
    }
    send(&strange_out, b"from a stranger", Some(loopback(family, one_port))).context("send")?;
    send(&other_out, b"from the peer", Some(loopback(family, one_port))).context("send")?;
    same("only the peer is heard", receive(&input)?.0, b"from the peer".to_vec())?;

    // New streams take the place of these. The standard has the guest drop those first.
    drop((input, out));
    let (input, out) = match one.stream(None) {
        // A system may take back the port with the peer, and somebody else may have it then.
        Err(Code::AddressInUse) => return Ok(()),
        streams => streams.context("stream without a peer")?,
    };
    refused("there is no peer any more", one.remote_address(), STATE)?;
    send(&strange_out, b"from a stranger", Some(loopback(family, one_port))).context("send")?;
    same("now strangers are heard", receive(&input)?.0, b"from a stranger".to_vec())?;
    refused("and nobody is the one to send to", send(&out, b"x", None), NO)?;
    send(&out, b"to a stranger", Some(loopback(family, stranger_port))).context("send to anybody")
}

fn batches(family: Family) -> Outcome {
    let ((one, _), (two, two_port)) = (bound_udp(family)?, bound_udp(family)?);
    let ((_input, out), (other_input, _other_out)) = (one.stream(None)?, two.stream(None)?);
    let permit = out.check_send().context("check-send")?;
    let count = usize::try_from(permit)?.min(10);
    check("more than one datagram is permitted", count > 1)?;
    let to = |data: &[u8], port| OutgoingDatagram { data: data.to_vec(), remote_address: Some(loopback(family, port)) };
    let all: Vec<_> = (0..count).map(|index| to(&[index as u8], two_port)).collect();
    same("all are sent", out.send(&all).context("send")?, count as u64)?;
    same("none is sent", out.send(&[]).context("send of none")?, 0)?;
    same("none is received", other_input.receive(0).context("receive of none")?.len(), 0)?;
    let mut received = Vec::new();
    while received.len() < count {
        other_input.subscribe().block();
        let some = other_input.receive(u64::MAX).context("receive")?;
        check("what is ready brings something", !some.is_empty())?;
        received.extend(some.into_iter().map(|datagram| datagram.data));
    }
    same("all arrive, in order", received, (0..count).map(|index| vec![index as u8]).collect())?;
    // A failure in the middle: those before it have gone, and it is told when it comes first.
    let wrong = [to(b"first", two_port), to(b"nowhere", 0), to(b"third", two_port)];
    check("the first has gone", matches!(out.send(&wrong), Ok(1)))?;
    refused("then it is told", out.send(&wrong[1..]).map(drop), NO)?;
    same("the first has come", receive(&other_input)?.0, b"first".to_vec())
}

/// Sockets and streams that are dropped before their pollables: a wait for those is a wait like others.
fn dropped_first(family: Family) -> Outcome {
    let (socket, port) = bound_udp(family)?;
    let (input, out) = socket.stream(None)?;
    let pollables = [socket.subscribe(), input.subscribe(), out.subscribe()];
    let (sender, _) = bound_udp(family)?;
    let (_, sending) = sender.stream(None)?;
    drop((input, out, socket));
    check("one that is always ready, and one with room", poll(&pollables.each_ref())[..] == [0, 2])?;
    // As long as somebody waits for datagrams they come.
    send(&sending, b"x", Some(loopback(family, port))).context("send")?;
    pollables[1].block();
    check("then it is ready", pollables[1].ready())
}
