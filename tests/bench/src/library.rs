//! The bare library operations: what the server does to answer a request, called straight.

use std::thread;

use ambient::{Clock, Entropy, SystemClock, SystemEntropy};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, PqdsaKeyPair, PqdsaSigningAlgorithm,
    RsaKeyPair, UnparsedPublicKey, VerificationAlgorithm,
};
use sm2::SecretKey;
use sm2::dsa::SigningKey;
use sm2::dsa::signature::{Signer, Verifier};

use crate::arguments::Pace;
use crate::figures::Round;
use crate::process;
use crate::stop::Stop;

/// One operation, to be called again and again from any thread.
pub(crate) type Operation = Box<dyn Fn() -> Result<(), Stop> + Send + Sync>;

/// The message of all of them; requests carry one as long.
pub(crate) const MESSAGE: &[u8; 32] = b"a message of thirty-two bytes...";

/// Calls it on as many threads as there are cores, for the time of a short round.
pub(crate) fn round(operation: &Operation, pace: &Pace) -> Result<Round, Stop> {
    let clock = SystemClock::start();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let end = clock.monotonic().after(pace.short);
    let own = std::process::id();
    let before = process::cpu(own)?;
    let call = || {
        let mut latencies = Vec::new();
        let mut begun = clock.monotonic();
        while begun < end {
            operation()?;
            let done = clock.monotonic();
            latencies.push(u64::try_from(done.since(begun).as_nanos())?);
            begun = done;
        }
        Ok::<_, Stop>(latencies)
    };
    let begun = clock.monotonic();
    let mut latencies = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(call)).collect();
        let mut latencies = Vec::new();
        for worker in workers {
            latencies.extend(worker.join().map_err(|_| "a thread of the library broke")??);
        }
        Ok::<_, Stop>(latencies)
    })?;
    let took = clock.monotonic().since(begun);
    Ok(Round::of(
        &mut latencies,
        took,
        process::cpu(own)?.saturating_sub(before),
    ))
}

/// A new key of the spec: its signing, and the verification of a signature of its.
pub(crate) fn signing(spec: &str) -> Result<(Operation, Operation), Stop> {
    match spec {
        "RSA_2048" => rsa(KeySize::Rsa2048),
        "RSA_4096" => rsa(KeySize::Rsa4096),
        "ECC_NIST_P256" => ecdsa(
            &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            &signature::ECDSA_P256_SHA256_ASN1,
        ),
        "ECC_NIST_P384" => ecdsa(
            &signature::ECDSA_P384_SHA384_ASN1_SIGNING,
            &signature::ECDSA_P384_SHA384_ASN1,
        ),
        "ECC_SECG_P256K1" => ecdsa(
            &signature::ECDSA_P256K1_SHA256_ASN1_SIGNING,
            &signature::ECDSA_P256K1_SHA256_ASN1,
        ),
        "ECC_NIST_EDWARDS25519" => ed25519(),
        "ML_DSA_44" => ml_dsa(&signature::ML_DSA_44_SIGNING, &signature::ML_DSA_44),
        "ML_DSA_65" => ml_dsa(&signature::ML_DSA_65_SIGNING, &signature::ML_DSA_65),
        "ML_DSA_87" => ml_dsa(&signature::ML_DSA_87_SIGNING, &signature::ML_DSA_87),
        "SM2" => sm2(),
        _ => Err(format!("no library operation for {spec}").into()),
    }
}

/// HMAC with SHA-256 and a new key.
pub(crate) fn mac() -> Result<Operation, Stop> {
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    Ok(Box::new(move || {
        std::hint::black_box(hmac::sign(&key, MESSAGE));
        Ok(())
    }))
}

/// Making a key pair.
pub(crate) fn pair(spec: &str) -> Result<Operation, Stop> {
    match spec {
        "ECC_NIST_P256" => Ok(Box::new(|| {
            std::hint::black_box(EcdsaKeyPair::generate(
                &signature::ECDSA_P256_SHA256_ASN1_SIGNING,
            )?);
            Ok(())
        })),
        "RSA_2048" => Ok(Box::new(|| {
            std::hint::black_box(RsaKeyPair::generate(KeySize::Rsa2048)?);
            Ok(())
        })),
        _ => Err(format!("no library operation for {spec}").into()),
    }
}

fn rsa(size: KeySize) -> Result<(Operation, Operation), Stop> {
    let pair = RsaKeyPair::generate(size)?;
    let length = pair.public_modulus_len();
    let mut signature = vec![0; length];
    pair.sign(
        &signature::RSA_PSS_SHA256,
        &SystemRandom::new(),
        MESSAGE,
        &mut signature,
    )?;
    let public = pair.public_key().as_ref().to_vec();
    let sign = move || {
        let mut signature = vec![0; length];
        pair.sign(
            &signature::RSA_PSS_SHA256,
            &SystemRandom::new(),
            MESSAGE,
            &mut signature,
        )?;
        Ok(())
    };
    let verify = verification(&signature::RSA_PSS_2048_8192_SHA256, public, signature);
    Ok((Box::new(sign), verify))
}

fn ecdsa(
    signing: &'static EcdsaSigningAlgorithm,
    verifying: &'static dyn VerificationAlgorithm,
) -> Result<(Operation, Operation), Stop> {
    let pair = EcdsaKeyPair::generate(signing)?;
    let signature = pair.sign(&SystemRandom::new(), MESSAGE)?.as_ref().to_vec();
    let verify = verification(verifying, pair.public_key().as_ref().to_vec(), signature);
    let sign = move || {
        std::hint::black_box(pair.sign(&SystemRandom::new(), MESSAGE)?);
        Ok(())
    };
    Ok((Box::new(sign), verify))
}

fn ed25519() -> Result<(Operation, Operation), Stop> {
    let pair = Ed25519KeyPair::generate()?;
    let signature = pair.sign(MESSAGE).as_ref().to_vec();
    let verify = verification(
        &signature::ED25519,
        pair.public_key().as_ref().to_vec(),
        signature,
    );
    let sign = move || {
        std::hint::black_box(pair.sign(MESSAGE));
        Ok(())
    };
    Ok((Box::new(sign), verify))
}

fn ml_dsa(
    signing: &'static PqdsaSigningAlgorithm,
    verifying: &'static dyn VerificationAlgorithm,
) -> Result<(Operation, Operation), Stop> {
    let pair = PqdsaKeyPair::generate(signing)?;
    let length = signing.signature_len();
    let mut signature = vec![0; length];
    pair.sign(MESSAGE, &mut signature)?;
    let verify = verification(verifying, pair.public_key().as_ref().to_vec(), signature);
    let sign = move || {
        pair.sign(MESSAGE, &mut vec![0; length])?;
        Ok(())
    };
    Ok((Box::new(sign), verify))
}

fn sm2() -> Result<(Operation, Operation), Stop> {
    let mut scalar = [0; 32];
    SystemEntropy.fill(&mut scalar)?;
    let secret = SecretKey::from_slice(&scalar).map_err(|_| "no scalar of the curve")?;
    let key = SigningKey::new("1234567812345678", &secret).map_err(|_| "no SM2 key")?;
    let signature: sm2::dsa::Signature = key.try_sign(MESSAGE).map_err(|_| "SM2 does not sign")?;
    let public = key.verifying_key().clone();
    let sign = move || {
        let signed: Result<sm2::dsa::Signature, _> = key.try_sign(MESSAGE);
        std::hint::black_box(signed.map_err(|_| "SM2 does not sign")?);
        Ok(())
    };
    let verify = move || {
        public
            .verify(MESSAGE, &signature)
            .map_err(|_| "SM2 does not verify".into())
    };
    Ok((Box::new(sign), Box::new(verify)))
}

fn verification(
    algorithm: &'static dyn VerificationAlgorithm,
    public: Vec<u8>,
    signature: Vec<u8>,
) -> Operation {
    Box::new(move || {
        UnparsedPublicKey::new(algorithm, &public).verify(MESSAGE, &signature)?;
        Ok(())
    })
}
