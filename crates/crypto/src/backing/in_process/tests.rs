use std::pin::pin;
use std::task::{Context, Poll, Waker};

use std::collections::BTreeMap;

use super::*;
use crate::ciphertext::Header;
use crate::material::{KeyKind, KeyName, MaterialId};
use crate::specs;
use crate::specs::EncryptionAlgorithm;
use ambient::SeededEntropy;

/// The answer of a backing that never waits.
fn at_once<T>(work: impl Future<Output = T> + Send) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}

fn backing() -> InProcess {
    let pool = Pool::start("test", 1, 16).unwrap();
    InProcess::new(Arc::new(SeededEntropy::new(1)), Arc::new(pool))
}

fn spec() -> &'static KeySpec {
    specs::find("SYMMETRIC_DEFAULT").unwrap()
}

fn header() -> Header {
    Header {
        account: "111122223333".parse().unwrap(),
        key: KeyName::new(KeyKind::SingleRegion, [1; 16]),
        material: MaterialId::from_bytes([2; 32]),
    }
}

#[test]
fn keys_in_process_answer_at_once() {
    let backing = backing();
    let key = at_once(backing.generate(spec())).unwrap();
    let (algorithm, context) = (spec().encryption("SYMMETRIC_DEFAULT").unwrap(), BTreeMap::new());
    let ciphertext = at_once(backing.encrypt(
        &key,
        Encryption {
            algorithm,
            header: &header(),
            context: &context,
            plaintext: b"text",
        },
    ))
    .unwrap();
    let decrypt = |key: &HeldKey, ciphertext: &[u8]| {
        at_once(backing.decrypt(
            key,
            Decryption {
                algorithm,
                context: &context,
                ciphertext,
            },
        ))
    };
    assert_eq!(decrypt(&key, &ciphertext).unwrap().expose(), b"text");
    let other = at_once(backing.generate(spec())).unwrap();
    for (key, ciphertext) in [
        (&other, &ciphertext[..]),
        (&key, b"no ciphertext"),
        (&key, &ciphertext[1..]),
    ] {
        assert_eq!(decrypt(key, ciphertext), Err(BackingFailed::Unopenable));
    }
    assert_eq!(at_once(backing.destroy(key)), Ok(()));
}

#[test]
fn an_algorithm_that_is_not_the_keys_is_refused() {
    static OTHER: EncryptionAlgorithm = EncryptionAlgorithm {
        name: "RSAES_OAEP_SHA_256",
        longest_plaintext: 190,
        takes_context: false,
        hash: None,
    };
    let backing = backing();
    let key = at_once(backing.generate(spec())).unwrap();
    let request = Encryption {
        algorithm: &OTHER,
        header: &header(),
        context: &BTreeMap::new(),
        plaintext: b"text",
    };
    assert_eq!(format!("{request:?}"), "Encryption(RSAES_OAEP_SHA_256, 4 bytes)");
    assert_eq!(
        at_once(backing.encrypt(&key, request)),
        Err(BackingFailed::Unsupported)
    );
}
