//! Whom a proxy speaks for: only one that is trusted is believed.

use std::{error::Error, fmt, net::IpAddr, str::FromStr};

use http::{HeaderMap, HeaderName, header};

use super::forwarded::{forwarded, listed};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies in front of a server, and the one field in which they tell whom they speak for.
///
/// 1. The field of a connection that does not come from a trusted proxy is ignored: anybody can write one.
/// 2. From the right to the left, each address is believed as long as a trusted proxy wrote it. The first that is not
///    itself such a proxy is the client (RFC 7239 section 5.2).
/// 3. Where that proxy names no address (`unknown`, an obfuscated name, what cannot be read), none is known.
///
/// Name the field that the outermost proxy really writes, and let it delete or append to what came in.
///
/// ```
/// use tower_consent::{ProxyHeader, TrustedProxies};
///
/// let proxies = TrustedProxies::new(ProxyHeader::Forwarded, ["10.0.0.0/8", "fd00::/8", "192.0.2.1"])?;
/// assert!(TrustedProxies::new(ProxyHeader::Forwarded, ["10.0.0.1/8"]).is_err());
/// # Ok::<(), tower_consent::NetworkError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TrustedProxies {
    header: ProxyHeader,
    networks: Vec<Network>,
}

/// The field in which a proxy tells whom it speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyHeader {
    /// `Forwarded` (RFC 7239).
    Forwarded,
    /// `X-Forwarded-For`, which most write.
    XForwardedFor,
}

impl TrustedProxies {
    /// Proxies of these addresses and networks, such as `10.0.0.0/8`.
    ///
    /// # Errors
    ///
    /// A text that is no network: no address, a length that is too long, or bits behind it.
    pub fn new<'n>(header: ProxyHeader, networks: impl IntoIterator<Item = &'n str>) -> Result<Self, NetworkError> {
        let networks = networks.into_iter().map(Network::from_str).collect::<Result<_, _>>()?;
        Ok(Self { header, networks })
    }

    /// The client behind this other end of a connection.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        if !self.trusts(peer) {
            return Some(peer);
        }
        match self.header {
            ProxyHeader::XForwardedFor => self.walk(peer, listed(headers.get_all(X_FORWARDED_FOR).iter().rev())),
            ProxyHeader::Forwarded => self.walk(peer, forwarded(headers.get_all(header::FORWARDED).iter().rev())),
        }
    }

    /// `names`: from the right to the left, none where one is no address.
    fn walk(&self, peer: IpAddr, names: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let mut last = peer;
        for name in names {
            last = name?;
            if !self.trusts(last) {
                break;
            }
        }
        Some(last)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

/// Addresses that begin with the same bits.
#[derive(Clone, Copy, Debug)]
struct Network {
    bits: u128,
    length: u32,
    is_v4: bool,
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        let (bits, _) = bits_of(address);
        self.is_v4 == address.is_ipv4() && (bits ^ self.bits) & mask(self.length) == 0
    }
}

/// The bits of an address, from the left, and how many.
fn bits_of(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}

const fn mask(length: u32) -> u128 {
    match u128::MAX.checked_shl(128 - length) {
        Some(mask) => mask,
        None => 0,
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let error = || NetworkError(text.to_owned());
        let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_no_address| error())?;
        let (bits, most) = bits_of(address);
        let length = match length {
            None => most,
            Some(length) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
                length.parse().map_err(|_no_number| error())?
            }
            Some(_) => return Err(error()),
        };
        // Peers are compared in their canonical form, which a mapped network would never match.
        let is_mapped = matches!(address, IpAddr::V6(address) if address.to_ipv4_mapped().is_some());
        if length > most || bits & !mask(length) != 0 || is_mapped {
            return Err(error());
        }
        Ok(Self { bits, length, is_v4: address.is_ipv4() })
    }
}

/// A text that is no network of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkError(String);

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no network: an address is, alone or with the number of its first bits and zeros behind them, such as \
             \"10.0.0.0/8\" or \"fd00::/8\"",
            self.0
        )
    }
}

impl Error for NetworkError {}
