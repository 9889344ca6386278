//! Signing keys, derived from secret access keys and kept.

use std::sync::Arc;

use aws_lc_rs::hmac;
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use secret::{SecretBuffer, SecretString};
use zeroize::Zeroizing;

use crate::{Scope, TERMINATOR};

/// A secret access key as its record has it now.
#[derive(Debug, Clone, Copy)]
pub struct KnownSecret<'a> {
    /// The secret access key.
    pub key: &'a SecretString,
    /// The record's revision: another one whenever the secret is another.
    pub revision: u64,
}

/// A bounded cache of signing keys: each is good for one access key, day, Region and service, and takes four
/// HMACs to derive. What leaves it is erased.
///
/// Whether an access key is active is not known here: look that up for each request.
pub struct SigningKeys(Cache<Name<Box<str>>, Arc<hmac::Key>>);

impl SigningKeys {
    /// A cache that holds about `count` keys.
    pub fn holding(count: usize) -> SigningKeys {
        SigningKeys(Cache::new(count))
    }

    /// The signing key for one access key and scope, derived if need be.
    pub(crate) fn of(
        &self,
        access_key_id: &str,
        scope: Scope<'_>,
        secret: KnownSecret<'_>,
    ) -> Arc<hmac::Key> {
        let name = Name {
            access_key_id,
            revision: secret.revision,
            date: scope.date,
            region: scope.region,
            service: scope.service,
        };
        if let Some(key) = self.0.get(&name) {
            return key;
        }
        let key = Arc::new(derived(secret.key, scope));
        self.0.insert(name.owned(), key.clone());
        key
    }
}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKeys({} keys)", self.0.len())
    }
}

/// What one signing key is good for.
#[derive(PartialEq, Eq, Hash)]
struct Name<S> {
    access_key_id: S,
    revision: u64,
    date: S,
    region: S,
    service: S,
}

impl Name<&str> {
    fn owned(&self) -> Name<Box<str>> {
        Name {
            access_key_id: self.access_key_id.into(),
            revision: self.revision,
            date: self.date.into(),
            region: self.region.into(),
            service: self.service.into(),
        }
    }
}

impl Equivalent<Name<Box<str>>> for Name<&str> {
    fn equivalent(&self, name: &Name<Box<str>>) -> bool {
        self.revision == name.revision
            && self.access_key_id == &*name.access_key_id
            && self.date == &*name.date
            && self.region == &*name.region
            && self.service == &*name.service
    }
}

/// Derives a signing key. Source: AWS General Reference, "Create a signed AWS API request", step 4.
fn derived(secret: &SecretString, scope: Scope<'_>) -> hmac::Key {
    let secret = secret.expose().as_bytes();
    let mut first = SecretBuffer::with_capacity(4 + secret.len());
    first.extend(b"AWS4");
    first.extend(secret);
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, first.expose());
    for part in [scope.date, scope.region, scope.service, TERMINATOR] {
        let mut next = Zeroizing::new([0_u8; 32]);
        // INVARIANT: the buffer is as long as an HMAC-SHA-256; were it not, the key would be of zeros that match nothing.
        let _ = hmac::sign_to_buffer(&key, part.as_bytes(), next.as_mut_slice());
        key = hmac::Key::new(hmac::HMAC_SHA256, next.as_slice());
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCOPE: Scope<'_> = Scope {
        date: "20150830",
        region: "us-east-1",
        service: "iam",
        terminator: TERMINATOR,
    };

    fn secret() -> SecretString {
        SecretString::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned())
    }

    fn tag(key: &hmac::Key) -> Vec<u8> {
        hmac::sign(key, b"").as_ref().to_vec()
    }

    #[test]
    fn the_published_example_derives_the_published_key() {
        // The AWS General Reference's example gives these 32 bytes for this secret and scope.
        let published = "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9";
        let published = hmac::Key::new(hmac::HMAC_SHA256, &hex::decode(published).unwrap());
        assert_eq!(tag(&derived(&secret(), SCOPE)), tag(&published));
    }

    #[test]
    fn a_key_is_kept_until_the_secret_is_another() {
        let keys = SigningKeys::holding(100);
        let (old, new) = (secret(), SecretString::new("another".to_owned()));
        let known = |key, revision| KnownSecret { key, revision };
        let first = keys.of("AKID", SCOPE, known(&old, 1));
        assert!(Arc::ptr_eq(&first, &keys.of("AKID", SCOPE, known(&old, 1))));
        let second = keys.of("AKID", SCOPE, known(&new, 2));
        assert_ne!(tag(&first), tag(&second));
        let others = [
            Scope {
                date: "20150831",
                ..SCOPE
            },
            Scope {
                region: "us-east-2",
                ..SCOPE
            },
            Scope {
                service: "sts",
                ..SCOPE
            },
        ];
        for other in others {
            assert_ne!(tag(&keys.of("AKID", other, known(&old, 1))), tag(&first));
        }
        assert_eq!(format!("{keys:?}"), "SigningKeys(5 keys)");
    }

    #[test]
    fn the_cache_is_bounded() {
        let keys = SigningKeys::holding(10);
        let secret = secret();
        for revision in 0..1000 {
            keys.of(
                "AKID",
                SCOPE,
                KnownSecret {
                    key: &secret,
                    revision,
                },
            );
        }
        assert!(keys.0.len() <= 20, "{keys:?}");
    }
}
