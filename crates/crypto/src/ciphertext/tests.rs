use ambient::SeededEntropy;
use proptest::prelude::*;

use super::*;

fn header() -> Header {
    Header {
        account: "111122223333".parse().unwrap(),
        key: "1234abcd-12ab-34cd-56ef-1234567890ab".parse().unwrap(),
        material: MaterialId::from_bytes([7; 32]),
    }
}

fn material(seed: u64) -> Material {
    Material::generate(&SeededEntropy::new(seed)).unwrap()
}

fn context(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn sealed(plaintext: &[u8], pairs: &[(&str, &str)]) -> Vec<u8> {
    seal(
        &material(1),
        &header(),
        &context(pairs),
        plaintext,
        &SeededEntropy::new(2),
    )
    .unwrap()
}

fn opened(
    blob: &[u8],
    material: &Material,
    context: &BTreeMap<String, String>,
) -> Result<Vec<u8>, Unopenable> {
    Ok(open(material, &parse(blob)?, context)?.expose().to_vec())
}

#[test]
fn a_ciphertext_opens_under_its_material_and_context() {
    let pairs = [("purpose", "test"), ("", "empty key"), ("ключ", "")];
    let blob = sealed(b"text", &pairs);
    assert_eq!(opened(&blob, &material(1), &context(&pairs)).unwrap(), b"text");
}

#[test]
fn a_header_is_read_without_a_key() {
    let mut header = header();
    for kind in [KeyKind::SingleRegion, KeyKind::MultiRegion] {
        header.key = KeyName::new(kind, [9; 16]);
        header.account = AccountId::from_number(AccountId::MAX).unwrap();
        let blob = seal(&material(1), &header, &context(&[]), b"", &SeededEntropy::new(2)).unwrap();
        assert_eq!(parse(&blob).unwrap().header(), &header);
    }
}

#[test]
fn the_largest_plaintext_of_a_symmetric_key_stays_under_the_largest_ciphertext() {
    assert_eq!(sealed(&[0; 4096], &[]).len(), 4219);
    let most = limits::CIPHERTEXT - OVERHEAD;
    assert!(parse(&sealed(&vec![0; most], &[])).is_ok());
    let refused = seal(
        &material(1),
        &header(),
        &context(&[]),
        &vec![0; most + 1],
        &SeededEntropy::new(2),
    );
    assert_eq!(refused, Err(SealFailed::TooLong));
}

#[test]
fn contexts_that_only_look_alike_are_told_apart() {
    let contexts: [&[(&str, &str)]; 8] = [
        &[],
        &[("", "")],
        &[("a", "bc")],
        &[("ab", "c")],
        &[("abc", "")],
        &[("A", "bc")],
        &[("a", "b"), ("c", "")],
        &[("a", "b"), ("c", "d")],
    ];
    for right in contexts {
        let blob = sealed(b"text", right);
        for given in contexts {
            assert_eq!(
                opened(&blob, &material(1), &context(given)).is_ok(),
                right == given,
                "{right:?} {given:?}"
            );
        }
    }
}

#[test]
fn two_ciphertexts_of_one_text_have_nothing_random_in_common() {
    let entropy = SeededEntropy::new(2);
    let [first, second] =
        [(); 2].map(|()| seal(&material(1), &header(), &context(&[]), &[0; 32], &entropy).unwrap());
    assert_eq!(first[..HEADER], second[..HEADER]);
    for range in [
        HEADER..HEADER + SALT,
        HEADER + SALT..OVERHEAD - 16,
        OVERHEAD - 16..OVERHEAD + 16,
    ] {
        assert_ne!(first[range.clone()], second[range]);
    }
}

#[test]
fn without_random_bytes_nothing_is_sealed() {
    struct Dry;
    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), ambient::EntropyFailed> {
            Err(ambient::EntropyFailed)
        }
    }
    let refused = seal(&material(1), &header(), &context(&[]), b"text", &Dry);
    assert_eq!(refused, Err(SealFailed::Entropy));
}

#[test]
fn a_blob_of_aws_is_malformed() {
    // The leading bytes that AWS's blobs have been seen with; see the reference on ciphertexts.
    for start in [[1, 1, 2, 0, 0x78], [1, 2, 2, 0, 0x78], [1, 2, 3, 0, 0x78]] {
        let mut blob = vec![0x5a; 184];
        blob[..5].copy_from_slice(&start);
        assert_eq!(parse(&blob).unwrap_err(), Malformed);
    }
}

#[test]
fn every_flipped_bit_of_a_blob_gives_one_and_the_same_error() {
    let blob = sealed(b"0123456789abcdef", &[("a", "b")]);
    for bit in 0..blob.len() * 8 {
        let mut changed = blob.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            opened(&changed, &material(1), &context(&[("a", "b")])),
            Err(Unopenable),
            "bit {bit}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_and_context_come_back(
        text in prop::collection::vec(any::<u8>(), 0..4200),
        context in prop::collection::btree_map(".{0,20}", ".{0,20}", 0..5),
    ) {
        let blob = seal(&material(1), &header(), &context, &text, &SeededEntropy::new(2)).unwrap();
        prop_assert_eq!(blob.len(), text.len() + OVERHEAD);
        prop_assert_eq!(opened(&blob, &material(1), &context), Ok(text));
    }

    #[test]
    fn a_change_a_cut_another_context_or_material_gives_one_error(
        text in prop::collection::vec(any::<u8>(), 0..100),
        right in prop::collection::btree_map("[a-c]{0,3}", "[a-c]{0,3}", 0..4),
        wrong in prop::collection::btree_map("[a-c]{0,3}", "[a-c]{0,3}", 0..4),
        at in any::<prop::sample::Index>(),
        bit in 0..8_u8,
        more in prop::collection::vec(any::<u8>(), 1..20),
    ) {
        let blob = seal(&material(1), &header(), &right, &text, &SeededEntropy::new(2)).unwrap();
        let mut changed = blob.clone();
        changed[at.index(blob.len())] ^= 1 << bit;
        prop_assert_eq!(opened(&changed, &material(1), &right), Err(Unopenable));
        prop_assert_eq!(opened(&blob[..at.index(blob.len())], &material(1), &right), Err(Unopenable));
        prop_assert_eq!(opened(&[&blob[..], &more[..]].concat(), &material(1), &right), Err(Unopenable));
        prop_assert_eq!(opened(&blob, &material(2), &right), Err(Unopenable));
        if wrong != right {
            prop_assert_eq!(opened(&blob, &material(1), &wrong), Err(Unopenable));
        }
    }

    #[test]
    fn any_bytes_are_parsed_without_a_panic(
        start in prop::sample::select(vec![vec![], vec![1, 1], vec![1, 1, 0, 0, 0, 1]]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let blob = [start, bytes].concat();
        let _ = parse(&blob);
        prop_assert_eq!(opened(&blob, &material(1), &BTreeMap::new()), Err(Unopenable));
    }
}
