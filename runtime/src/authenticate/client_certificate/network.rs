//! A network of IP addresses.

use std::net::IpAddr;

/// The addresses that begin with the same bits (RFC 4632 §3.1), such as `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    prefix_length: u32,
}

impl Network {
    /// Reads a network, or an address, which is a network of its own. `None` also for one with bits after its prefix,
    /// which is a mistake, and for a prefix without bits, which is everybody. An IPv4 address in an IPv6 one
    /// (`::ffff:10.0.0.1`) is the IPv4 address, as it is for peers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_length: u32 = match length {
            // `parse` accepts a sign.
            Some(length) if !length.bytes().all(|byte| byte.is_ascii_digit()) => return None,
            Some(length) => length.parse().ok()?,
            None => bits,
        };
        let (address, bits, prefix_length) = match address.to_canonical() {
            IpAddr::V4(mapped) if address.is_ipv6() => {
                (IpAddr::V4(mapped), 32, prefix_length.checked_sub(96)?)
            }
            _ => (address, bits, prefix_length),
        };
        let network = Self { address, prefix_length };
        let is_network =
            (1..=bits).contains(&prefix_length) && network.prefix_of(address) == aligned(address);
        is_network.then_some(network)
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4()
            && self.prefix_of(address) == self.prefix_of(self.address)
    }

    /// The bits of the prefix; the others are 0.
    fn prefix_of(&self, address: IpAddr) -> u128 {
        let others = u128::MAX.checked_shr(self.prefix_length).unwrap_or(0);
        aligned(address) & !others
    }
}

/// The address in the first bits.
fn aligned(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()) << 96,
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_with_its_prefix() {
        // R-H2
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.0"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("192.0.2.128/25", "192.0.2.128", "192.0.2.127"),
            ("192.0.2.7/32", "192.0.2.7", "192.0.2.6"),
            ("128.0.0.0/1", "255.1.1.1", "127.1.1.1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
            ("::1", "::1", "::2"),
            ("8000::/1", "ffff::", "7fff::"),
            ("::ffff:10.0.0.0/104", "10.255.0.1", "11.0.0.0"),
            ("::ffff:10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("::ffff:10.0.0.1", "10.0.0.1", "::ffff:10.0.0.1"),
            ("a00::/8", "a00::1", "10.0.0.1"),
            ("10.0.0.0/8", "10.0.0.1", "a00::1"),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert!(parsed.contains(inside.parse().unwrap()), "{network} {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} {outside}");
        }
    }

    #[test]
    fn other_texts_are_no_networks() {
        // R-H2
        for text in [
            "",
            "10",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "/8",
            "0.0.0.0/0",
            "::/0",
            "::ffff:0:0/96",
            "::ffff:0:0/90",
            "::ffff:10.0.0.1/104",
            "::ffff:10.0.0.1/129",
            "fd00::/129",
            "fd00::1/8",
            "localhost",
            "10.0.0.0/ 8",
            " 10.0.0.0/8",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/4294967304",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
