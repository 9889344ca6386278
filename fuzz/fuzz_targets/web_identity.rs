//! Web identity tokens, key sets and discovery documents: taken apart, and nobody is believed.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oidc::{KeySet, Unverified, jwks_uri};

/// The public key of RFC 8037, appendix A.2. Its private half is published, but no fuzzer finds it.
const KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

static TRUSTED: LazyLock<Option<KeySet>> = LazyLock::new(|| KeySet::parse(KEYS.as_bytes()).ok());

fuzz_target!(|input: (&str, &[u8])| {
    let (text, bytes) = input;
    let _ = jwks_uri(bytes, "https://id.example.com");
    let keys = KeySet::parse(bytes).unwrap_or_default();
    let Ok(token) = Unverified::parse(text) else { return };
    let _ = token.claimed_issuer();
    let _ = token.verify(&keys);
    if let Some(trusted) = &*TRUSTED {
        assert!(token.verify(trusted).is_err());
    }
});
