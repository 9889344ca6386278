use ambient::SeededEntropy;
use aws_lc_rs::cipher::{AES_256, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::digest;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};
use minicbor::Encoder;
use minicbor::data::Tag;
use proptest::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, date_time_ymd,
};

use super::*;
use crate::cms::envelope;

/// In the middle of every certificate's validity.
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// An authority: its certificate, and what it signs with.
struct Authority {
    der: Vec<u8>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn params(name: &str, is_ca: IsCa) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = match &is_ca {
        IsCa::Ca(_) => vec![KeyUsagePurpose::KeyCertSign],
        _ => vec![KeyUsagePurpose::DigitalSignature],
    };
    params.is_ca = is_ca;
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2040, 1, 1);
    params
}

fn key() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap()
}

fn root(name: &str) -> Authority {
    let (params, key) = (params(name, IsCa::Ca(BasicConstraints::Unconstrained)), key());
    let made = params.self_signed(&key).unwrap();
    Authority {
        der: made.der().to_vec(),
        pem: made.pem(),
        issuer: Issuer::new(params, key),
    }
}

impl Authority {
    fn below(&self, params: CertificateParams) -> Authority {
        let key = key();
        let made = params.signed_by(&key, &self.issuer).unwrap();
        Authority {
            der: made.der().to_vec(),
            pem: made.pem(),
            issuer: Issuer::new(params, key),
        }
    }
}

/// Everything that a document is made of, good unless a test changes it.
struct Maker {
    root: Authority,
    middle: Authority,
    leaf: Vec<u8>,
    leaf_key: KeyPair,
    bundle: Vec<Vec<u8>>,
    public_key: Option<Vec<u8>>,
    private_key: PrivateDecryptingKey,
    digest: &'static str,
    pcrs: &'static str,
    algorithm: i64,
    tag: Option<u64>,
    /// Members that are written in addition to the usual ones.
    more: Vec<&'static str>,
}

impl Maker {
    fn new() -> Maker {
        let root = root("root");
        let middle = root.below(params("middle", IsCa::Ca(BasicConstraints::Constrained(0))));
        Maker::with(root, middle, params("leaf", IsCa::ExplicitNoCa))
    }

    fn with(root: Authority, middle: Authority, leaf: CertificateParams) -> Maker {
        let leaf_key = key();
        let made = leaf.signed_by(&leaf_key, &middle.issuer).unwrap();
        let private_key = PrivateDecryptingKey::generate(KeySize::Rsa2048).unwrap();
        let public: PublicKeyX509Der<'_> = private_key.public_key().as_der().unwrap();
        Maker {
            bundle: vec![root.der.clone(), middle.der.clone()],
            leaf: made.der().to_vec(),
            leaf_key,
            public_key: Some(public.as_ref().to_vec()),
            private_key,
            root,
            middle,
            digest: "SHA384",
            pcrs: "pcrs",
            algorithm: -35,
            tag: None,
            more: Vec::new(),
        }
    }

    fn verifier(&self) -> Verifier {
        Verifier::trusting([self.root.pem.as_str()]).unwrap()
    }

    fn payload(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes);
        encoder.map(9 + self.more.len() as u64).unwrap();
        encoder.str("module_id").unwrap().str("i-1234-enc5678").unwrap();
        encoder.str("digest").unwrap().str(self.digest).unwrap();
        encoder.str("timestamp").unwrap().u64(1_800_000_000_000).unwrap();
        encoder.str(self.pcrs).unwrap().map(2).unwrap();
        encoder.u8(0).unwrap().bytes(&[7; 48]).unwrap();
        encoder.u8(8).unwrap().bytes(&[0; 48]).unwrap();
        encoder.str("certificate").unwrap().bytes(&self.leaf).unwrap();
        encoder
            .str("cabundle")
            .unwrap()
            .array(self.bundle.len() as u64)
            .unwrap();
        for der in &self.bundle {
            encoder.bytes(der).unwrap();
        }
        encoder.str("public_key").unwrap();
        match &self.public_key {
            Some(key) => encoder.bytes(key).unwrap(),
            None => encoder.null().unwrap(),
        };
        encoder.str("user_data").unwrap().null().unwrap();
        encoder.str("nonce").unwrap().bytes(&[1]).unwrap();
        for name in &self.more {
            encoder.str(name).unwrap().null().unwrap();
        }
        bytes
    }

    fn document(&self) -> Vec<u8> {
        self.document_of(&self.payload())
    }

    fn document_of(&self, payload: &[u8]) -> Vec<u8> {
        let mut protected = Vec::new();
        let mut encoder = Encoder::new(&mut protected);
        encoder
            .map(1)
            .unwrap()
            .i64(1)
            .unwrap()
            .i64(self.algorithm)
            .unwrap();
        let mut signed = Vec::new();
        let mut encoder = Encoder::new(&mut signed);
        encoder
            .array(4)
            .unwrap()
            .str("Signature1")
            .unwrap()
            .bytes(&protected)
            .unwrap();
        encoder.bytes(&[]).unwrap().bytes(payload).unwrap();
        let pkcs8 = self.leaf_key.serialize_der();
        let signature = match EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &pkcs8) {
            Ok(key) => key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec(),
            // A key on another curve signs nothing here.
            Err(_) => vec![1; 96],
        };
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes);
        if let Some(tag) = self.tag {
            encoder.tag(Tag::new(tag)).unwrap();
        }
        encoder
            .array(4)
            .unwrap()
            .bytes(&protected)
            .unwrap()
            .map(0)
            .unwrap();
        encoder.bytes(payload).unwrap().bytes(&signature).unwrap();
        bytes
    }

    fn verified(&self) -> Result<Attestation, AttestationError> {
        self.verifier().verify(&self.document(), NOW)
    }
}

#[test]
fn a_document_attests_what_it_says() {
    let mut maker = Maker::new();
    for (pcrs, tag, kind) in [
        ("pcrs", None, Kind::Enclave),
        ("pcrs", Some(18), Kind::Enclave),
        ("nitrotpm_pcrs", None, Kind::NitroTpm),
    ] {
        (maker.pcrs, maker.tag) = (pcrs, tag);
        let attested = maker.verified().unwrap();
        assert_eq!(attested.kind, kind);
        assert_eq!(attested.module_id, "i-1234-enc5678");
        assert_eq!(attested.pcrs[&0], [7; 48]);
        assert_eq!(Some(attested.public_key), maker.public_key);
    }
    // A leaf right below the root.
    maker.pcrs = "pcrs";
    let made = params("leaf", IsCa::ExplicitNoCa)
        .signed_by(&maker.leaf_key, &maker.root.issuer)
        .unwrap();
    (maker.leaf, maker.bundle) = (made.der().to_vec(), vec![maker.root.der.clone()]);
    maker.verified().unwrap();
}

#[test]
fn the_usual_root_is_that_of_nitro_enclaves() {
    let verifier = Verifier::trusting([NITRO_ROOT]).unwrap();
    let fingerprint = digest::digest(&digest::SHA256, &verifier.roots[0]);
    assert_eq!(
        hex::encode_upper(fingerprint.as_ref()),
        "641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B"
    );
    assert!(Verifier::trusting(["no certificate"]).is_err());
    assert_eq!(
        verifier.verify(&Maker::new().document(), NOW),
        Err(AttestationError::Untrusted(
            "their root is not one that is trusted here"
        ))
    );
}

#[test]
fn a_certificate_counts_while_it_is_valid() {
    let maker = Maker::new();
    let (document, verifier) = (maker.document(), maker.verifier());
    for seconds in [1_500_000_000, 2_300_000_000] {
        let then = Timestamp::from_seconds(seconds);
        assert_eq!(verifier.verify(&document, then), Err(AttestationError::NotInTime));
    }
}

#[test]
fn a_chain_that_is_none_is_not_trusted() {
    let untrusted = |maker: &Maker| match maker.verified() {
        Err(AttestationError::Untrusted(_)) => {}
        other => panic!("{other:?}"),
    };
    let mut maker = Maker::new();
    maker.bundle.reverse();
    untrusted(&maker);
    maker.bundle = vec![maker.root.der.clone()];
    untrusted(&maker);
    maker.bundle = vec![maker.middle.der.clone()];
    untrusted(&maker);
    // Another authority of the same name.
    let other = Maker::new();
    maker.bundle = vec![maker.root.der.clone(), other.middle.der.clone()];
    untrusted(&maker);
    // One that is no authority, or may have none below it, or is not for certificates.
    let root = || root("root");
    let mut not_for_certificates = params("middle", IsCa::Ca(BasicConstraints::Unconstrained));
    not_for_certificates.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    for middle in [
        params("middle", IsCa::ExplicitNoCa),
        params("middle", IsCa::NoCa),
        not_for_certificates,
    ] {
        let root = root();
        let middle = root.below(middle);
        untrusted(&Maker::with(root, middle, params("leaf", IsCa::ExplicitNoCa)));
    }
    let root = root();
    let middle = root.below(params("middle", IsCa::Ca(BasicConstraints::Constrained(0))));
    let lower = middle.below(params("lower", IsCa::Ca(BasicConstraints::Unconstrained)));
    let bundle = vec![root.der.clone(), middle.der.clone(), lower.der.clone()];
    let mut maker = Maker::with(root, lower, params("leaf", IsCa::ExplicitNoCa));
    maker.bundle = bundle;
    untrusted(&maker);
    // A leaf that is not for signatures.
    let root = self::root("root");
    let middle = root.below(params("middle", IsCa::Ca(BasicConstraints::Unconstrained)));
    let mut leaf = params("leaf", IsCa::ExplicitNoCa);
    leaf.key_usages = vec![KeyUsagePurpose::KeyEncipherment];
    untrusted(&Maker::with(root, middle, leaf));
}

#[test]
fn a_key_on_another_curve_signs_no_document() {
    let mut maker = Maker::new();
    maker.leaf_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let made = params("leaf", IsCa::ExplicitNoCa)
        .signed_by(&maker.leaf_key, &maker.middle.issuer)
        .unwrap();
    maker.leaf = made.der().to_vec();
    assert_eq!(maker.verified(), Err(AttestationError::Signature));
}

#[test]
fn what_is_no_such_document_is_malformed() {
    let malformed = |result| match result {
        Err(AttestationError::Malformed(_)) => {}
        other => panic!("{other:?}"),
    };
    let mut maker = Maker::new();
    let document = maker.document();
    let verify = |bytes: &[u8]| maker.verifier().verify(bytes, NOW);
    malformed(verify(&[]));
    malformed(verify(&[&document[..], &[0]].concat()));
    malformed(verify(&document[..document.len() - 1]));
    malformed(verify(&vec![0; limits::DOCUMENT + 1]));
    let payload = maker.payload();
    malformed(verify(&maker.document_of(&[&payload[..], &[0]].concat())));
    malformed(verify(&maker.document_of(&payload[..payload.len() - 1])));
    // An indefinite length.
    malformed(verify(
        &maker.document_of(&[&[0xbf], &payload[1..], &[0xff]].concat()),
    ));
    maker.algorithm = -7;
    malformed(maker.verified());
    maker.algorithm = -35;
    maker.digest = "SHA256";
    malformed(maker.verified());
    maker.digest = "SHA384";
    maker.tag = Some(17);
    malformed(maker.verified());
    maker.tag = None;
    for member in ["nonce", "public_key", "something"] {
        maker.more = vec![member];
        malformed(maker.verified());
    }
    maker.more.clear();
    maker.bundle.clear();
    malformed(maker.verified());
}

#[test]
fn an_answer_needs_an_rsa_key_of_2048_to_4096_bits() {
    let mut maker = Maker::new();
    let own = maker.public_key.clone().unwrap();
    let ec = rcgen::PublicKeyData::subject_public_key_info(&key());
    for key in [
        None,
        Some(vec![]),
        Some(ec),
        Some(own[1..].to_vec()),
        Some([&own[..], &[0]].concat()),
    ] {
        maker.public_key = key;
        assert_eq!(maker.verified(), Err(AttestationError::PublicKey));
    }
}

#[test]
fn an_envelope_opens_with_the_private_key() {
    let maker = Maker::new();
    let key = OaepPrivateDecryptingKey::new(maker.private_key.clone()).unwrap();
    for length in [0, 1, 15, 16, 32, 4096] {
        let plaintext = vec![7; length];
        let public = maker.public_key.as_ref().unwrap();
        let made = envelope(public, &plaintext, &SeededEntropy::new(1)).unwrap();
        // The encrypted key and the content are the two longest texts, and the initial vector precedes the content.
        let at = |pattern: &[u8]| {
            made.windows(pattern.len())
                .position(|part| part == pattern)
                .unwrap()
        };
        let wrapped = at(&[0x04, 0x82, 0x01, 0x00]) + 4;
        let mut opened = [0; 256];
        let inner = key
            .decrypt(
                &OAEP_SHA256_MGF1SHA256,
                &made[wrapped..wrapped + 256],
                &mut opened,
                None,
            )
            .unwrap();
        let iv_at = at(&hex::decode("060960864801650304012a0410").unwrap()) + 13;
        let iv: [u8; 16] = made[iv_at..iv_at + 16].try_into().unwrap();
        let content = length / 16 * 16 + 16;
        let mut content = made[made.len() - content..].to_vec();
        let cipher = UnboundCipherKey::new(&AES_256, inner).unwrap();
        let cipher = PaddedBlockDecryptingKey::cbc_pkcs7(cipher).unwrap();
        let context = DecryptionContext::Iv128(FixedLength::from(iv));
        assert_eq!(cipher.decrypt(&mut content, context).unwrap(), plaintext);
    }
    let refused = envelope(b"no key", b"text", &SeededEntropy::new(1));
    assert_eq!(refused.unwrap_err(), cms::EnvelopeFailed::PublicKey);
}

#[test]
fn no_byte_of_a_document_can_be_changed() {
    let maker = Maker::new();
    let (document, verifier) = (maker.document(), maker.verifier());
    verifier.verify(&document, NOW).unwrap();
    for at in 0..document.len() {
        let mut bent = document.clone();
        bent[at] ^= 1 << (at % 8);
        assert!(verifier.verify(&bent, NOW).is_err(), "byte {at}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), keep in 0..400_usize) {
        let verifier = Verifier::trusting([NITRO_ROOT]).unwrap();
        let _ = verifier.verify(&bytes, NOW);
        let _ = document::content(&bytes);
        let start: Vec<u8> = [&[0x84, 0x44, 0xa1, 0x01, 0x38, 0x22, 0xa0], &bytes[..keep.min(bytes.len())]].concat();
        let _ = verifier.verify(&start, NOW);
    }
}
