//! Operations by key family, in turns with the bare library operation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::arguments::{Arguments, Name, Pace};
use crate::keystead::Keystead;
use crate::library::{self, MESSAGE, Operation};
use crate::load;
use crate::report::Compared;
use crate::stop::Stop;

/// Connections that ask.
const CONNECTIONS: usize = 16;

/// Signed requests in a circle, all with the same body: nothing is cached by it.
const REQUESTS: usize = 1024;

/// Keys that sign, each with its algorithm.
const SIGNERS: &[(&str, &str)] = &[
    ("RSA_2048", "RSASSA_PSS_SHA_256"),
    ("RSA_4096", "RSASSA_PSS_SHA_256"),
    ("ECC_NIST_P256", "ECDSA_SHA_256"),
    ("ECC_NIST_P384", "ECDSA_SHA_384"),
    ("ECC_SECG_P256K1", "ECDSA_SHA_256"),
    ("ECC_NIST_EDWARDS25519", "ED25519_SHA_512"),
    ("ML_DSA_44", "ML_DSA_SHAKE_256"),
    ("ML_DSA_65", "ML_DSA_SHAKE_256"),
    ("ML_DSA_87", "ML_DSA_SHAKE_256"),
    ("SM2", "SM2DSA"),
];

/// Key pairs that are made.
const PAIRS: &[&str] = &["ECC_NIST_P256", "RSA_2048"];

/// Measures what was asked for, all on one server.
pub(crate) fn measure(arguments: &Arguments, pace: &Pace) -> Result<Vec<Compared>, Stop> {
    let mut all = Vec::new();
    let wanted = |name| arguments.wants(name);
    let names = [
        Name::Sign,
        Name::Verify,
        Name::GenerateMac,
        Name::GenerateDataKeyPair,
    ];
    if !names.into_iter().any(wanted) {
        return Ok(all);
    }
    let directory = tempfile::tempdir()?;
    let keystead = Keystead::start(directory.path())?;
    for (spec, algorithm) in SIGNERS {
        if !wanted(Name::Sign) && !wanted(Name::Verify) {
            break;
        }
        let key = keystead.create(&json!({"KeySpec": spec, "KeyUsage": "SIGN_VERIFY"}))?;
        let mut body =
            json!({"KeyId": key, "Message": STANDARD.encode(MESSAGE), "SigningAlgorithm": algorithm});
        let (sign, verify) = library::signing(spec)?;
        if wanted(Name::Sign) {
            all.push(compare(&keystead, "Sign", spec, &body, &sign, pace)?);
        }
        if wanted(Name::Verify) {
            let signed = keystead.ask_one("Sign", &body)?;
            let signature = signed.get("Signature").ok_or("Sign answers no signature")?;
            if let Some(body) = body.as_object_mut() {
                body.insert("Signature".to_owned(), signature.clone());
            }
            all.push(compare(&keystead, "Verify", spec, &body, &verify, pace)?);
        }
    }
    if wanted(Name::GenerateMac) {
        let key = keystead.create(&json!({"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}))?;
        let body = json!({"KeyId": key, "Message": STANDARD.encode(MESSAGE), "MacAlgorithm": "HMAC_SHA_256"});
        let bare = library::mac()?;
        all.push(compare(&keystead, "GenerateMac", "HMAC_256", &body, &bare, pace)?);
    }
    if wanted(Name::GenerateDataKeyPair) {
        let key = keystead.create_key()?;
        for spec in PAIRS {
            let body = json!({"KeyId": key, "KeyPairSpec": spec});
            let bare = library::pair(spec)?;
            all.push(compare(
                &keystead,
                "GenerateDataKeyPair",
                spec,
                &body,
                &bare,
                pace,
            )?);
        }
    }
    keystead.end()?;
    Ok(all)
}

/// The server and the library in turns.
fn compare(
    keystead: &Keystead,
    operation: &str,
    spec: &str,
    body: &Value,
    bare: &Operation,
    pace: &Pace,
) -> Result<Compared, Stop> {
    let bodies = vec![body.to_string().into_bytes(); REQUESTS];
    let mut compared = Compared {
        name: format!("{operation}/{spec}"),
        connections: CONNECTIONS,
        real: Vec::with_capacity(pace.side_rounds),
        bare: Vec::with_capacity(pace.side_rounds),
    };
    let short = Pace {
        counted: pace.short,
        ..*pace
    };
    for _ in 0..pace.side_rounds {
        // Made anew for each round: a signature lasts for five minutes.
        let requests = keystead.signed(operation, &bodies)?;
        let real = load::round(keystead.target(), &requests, CONNECTIONS, &short)?;
        let bare = library::round(bare, pace)?;
        eprintln!("{:<28} {real} | library {bare}", compared.name);
        compared.real.push(real);
        compared.bare.push(bare);
    }
    Ok(compared)
}
