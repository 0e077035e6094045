//! The keys that authenticate the consent cookie.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Bytes of a MAC as written: 32 bytes as base64url without padding.
pub(crate) const MAC_LENGTH: usize = 43;

/// One key, with its schedule already worked out: that saves a third of each check.
#[derive(Clone)]
struct MacKey {
    id: Box<str>,
    schedule: Hmac<Sha256>,
}

/// The keys of a policy: the first signs, all of them verify.
#[derive(Clone, Default)]
pub(crate) struct MacKeys(Vec<MacKey>);

impl MacKeys {
    /// Adds a key. What is signed with it is bound to this use, to the cookie's name and to the key's id, because the
    /// working key is derived from all three; so none of them has to stand in the message.
    pub(crate) fn push(&mut self, id: &str, secret: &[u8], cookie_name: &str) {
        let Ok(master) = Hmac::<Sha256>::new_from_slice(secret) else {
            return;
        };
        let derived = ["tower-consent: consent cookie, format 1", cookie_name, id]
            .into_iter()
            .fold(master, |mac, part| {
                // Each part carries its length, so that no two lists of parts make one message.
                mac.chain_update((part.len() as u64).to_be_bytes()).chain_update(part)
            })
            .finalize()
            .into_bytes();
        if let Ok(schedule) = Hmac::<Sha256>::new_from_slice(&derived) {
            self.0.push(MacKey { id: id.into(), schedule });
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The id of the signing key, and the MAC of `message` as base64url.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<(&str, String)> {
        let key = self.0.first()?;
        let mac = key.schedule.clone().chain_update(message).finalize().into_bytes();
        Some((&key.id, URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Whether `mac`, as base64url, is the MAC of `message` under the key of this id. Takes the same time for every
    /// wrong MAC of the right length.
    pub(crate) fn verify(&self, id: &[u8], message: &[u8], mac: &[u8]) -> bool {
        let Some(key) = self.0.iter().find(|key| key.id.as_bytes() == id) else {
            return false;
        };
        // A little room more than 32 bytes, because the decoder estimates upwards.
        let mut bytes = [0; 33];
        let Some(mac) = (mac.len() == MAC_LENGTH)
            .then(|| URL_SAFE_NO_PAD.decode_slice(mac, &mut bytes).ok())
            .flatten()
            .and_then(|length| bytes.get(..length))
        else {
            return false;
        };
        key.schedule.clone().chain_update(message).verify_slice(mac).is_ok()
    }
}

impl fmt::Debug for MacKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}
