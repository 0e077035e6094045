//! Addresses become networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address: its host bits are zero.
///
/// | address | what stays |
/// |---|---|
/// | IPv4 | /24, the first three numbers |
/// | IPv4-mapped `::ffff:0:0/96` (RFC 4291), as a socket for both gives it | the /24, as an IPv4 address |
/// | IPv4-translated `::ffff:0:0:0/96` (RFC 7915), NAT64 `64:ff9b::/96` (RFC 6052) | the /24, as an IPv4 address |
/// | 6to4 `2002::/16` (RFC 3056): the whole IPv4 address stands in its first 48 bits | `2002:` and the /24 |
/// | every other IPv6 address | /48 |
///
/// Of the others that have an IPv4 address inside, /48 keeps no more than /24: nothing of IPv4-compatible `::/96`, local NAT64
/// `64:ff9b:1::/48` (RFC 8215) and ISATAP (RFC 5214), half of the *server's* address of Teredo (RFC 4380), at most 16 bits
/// behind a NAT64 prefix of one's own (RFC 6052), at most 24 of 6rd (RFC 5969) whose prefix is a /24 or longer.
#[must_use]
pub fn address(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(address) => network(address.octets()),
        IpAddr::V6(address) => shorten(address),
    }
}

const fn network([a, b, c, _]: [u8; 4]) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
}

fn shorten(address: Ipv6Addr) -> IpAddr {
    let [.., a, b, c, d] = address.octets();
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0, 0, 0, 0, 0xffff, 0, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => {
            network([a, b, c, d])
        }
        [0x2002, first, second, ..] => Ipv6Addr::new(0x2002, first, second & 0xff00, 0, 0, 0, 0, 0).into(),
        [first, second, third, ..] => Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0).into(),
    }
}
