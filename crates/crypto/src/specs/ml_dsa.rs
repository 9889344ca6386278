//! ML-DSA keys, which sign.
//!
//! Source: KMS Developer Guide, "ML-DSA key specs"; FIPS 204; RFC 9881.

use ambient::Entropy;
use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{
    self, KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair,
    PqdsaSigningAlgorithm, PqdsaVerificationAlgorithm, UnparsedPublicKey,
};
use secret::{SecretArray, SecretBytes};

use super::{Family, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work};
use crate::backing::{BackingFailed, Message, Signing, VerificationOfSignature};
use crate::material::Material;
use crate::{der, ffi};

macro_rules! ml_dsa_spec {
    ($($spec:ident: $parameters:ident;)*) => {$(
        pub(super) static $spec: KeySpec = KeySpec {
            name: stringify!($spec),
            family: Family::Asymmetric,
            uses: &[Use::Signatures(&[SigningAlgorithm {
                name: "ML_DSA_SHAKE_256",
                forms: &[MessageForm::Raw, MessageForm::ExternalMu],
                scheme: Scheme::MlDsa,
            }])],
            data_key_pairs: false,
            weight: Weight::HeavySecret,
            work: &MlDsa { parameters: Parameters::$parameters },
        };
    )*};
}

ml_dsa_spec! {
    ML_DSA_44: MlDsa44;
    ML_DSA_65: MlDsa65;
    ML_DSA_87: MlDsa87;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameters {
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

struct MlDsa {
    parameters: Parameters,
}

/// The message representative of FIPS 204, in bytes.
const MU: usize = 64;

/// A private key as the library wants it.
struct Parsed {
    pair: PqdsaKeyPair,
    pkcs8: SecretBytes,
    public: Vec<u8>,
}

impl MlDsa {
    fn signing(&self) -> &'static PqdsaSigningAlgorithm {
        match self.parameters {
            Parameters::MlDsa44 => &ML_DSA_44_SIGNING,
            Parameters::MlDsa65 => &ML_DSA_65_SIGNING,
            Parameters::MlDsa87 => &ML_DSA_87_SIGNING,
        }
    }

    pub(super) fn verifying(&self) -> &'static PqdsaVerificationAlgorithm {
        match self.parameters {
            Parameters::MlDsa44 => &signature::ML_DSA_44,
            Parameters::MlDsa65 => &signature::ML_DSA_65,
            Parameters::MlDsa87 => &signature::ML_DSA_87,
        }
    }

    fn parse(&self, pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let pair = PqdsaKeyPair::from_pkcs8(self.signing(), pkcs8).map_err(|_| BackingFailed::UnfitKey)?;
        // A key without its seed has no such form, and is not taken: RFC 9881, section 6.
        let form = pair.to_pkcs8v1().map_err(|_| BackingFailed::UnfitKey)?;
        let public: PublicKeyX509Der<'_> =
            pair.public_key().as_der().map_err(|_| BackingFailed::library())?;
        Ok(Parsed {
            public: public.as_ref().to_vec(),
            pkcs8: SecretBytes::copied_from(form.as_ref()),
            pair,
        })
    }

    fn parsed<'m>(&self, material: &'m Material) -> Result<&'m Parsed, BackingFailed> {
        material.parsed(|pkcs8| self.parse(pkcs8))
    }
}

impl Work for MlDsa {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        let seed = SecretArray::<32>::filled_by(|seed| entropy.fill(seed))?;
        let failed = |_| BackingFailed::library();
        let pair = PqdsaKeyPair::from_seed(self.signing(), seed.expose()).map_err(failed)?;
        let pkcs8 = pair.to_pkcs8v1().map_err(|_| BackingFailed::library())?;
        Ok(Material::private(SecretBytes::copied_from(pkcs8.as_ref())))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        if !der::is_one_sequence(key) {
            return Err(BackingFailed::UnfitKey);
        }
        Ok(Material::private(self.parse(key)?.pkcs8))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(self.parsed(material)?.public.clone())
    }

    fn sign(
        &self,
        material: &Material,
        request: &Signing<'_>,
        _: &dyn Entropy,
    ) -> Result<Vec<u8>, BackingFailed> {
        let key = self.parsed(material)?;
        let length = self.signing().signature_len();
        match request.message {
            Message::Raw(message) => {
                let mut signature = vec![0; length];
                key.pair
                    .sign(message, &mut signature)
                    .map_err(|_| BackingFailed::library())?;
                Ok(signature)
            }
            Message::ExternalMu(mu) => {
                let mu: &[u8; MU] = mu.try_into().map_err(|_| BackingFailed::Unsupported)?;
                ffi::ml_dsa_sign_mu(key.pkcs8.expose(), mu, length).ok_or_else(BackingFailed::library)
            }
            Message::Digest(_) => Err(BackingFailed::Unsupported),
        }
    }

    fn verify(
        &self,
        material: &Material,
        request: &VerificationOfSignature<'_>,
    ) -> Result<(), BackingFailed> {
        verify(self.verifying(), &self.parsed(material)?.public, request)
    }
}

/// Verifies under a public key, a SubjectPublicKeyInfo.
pub(super) fn verify(
    algorithm: &'static PqdsaVerificationAlgorithm,
    public_key: &[u8],
    request: &VerificationOfSignature<'_>,
) -> Result<(), BackingFailed> {
    let fits = match request.message {
        Message::Raw(message) => UnparsedPublicKey::new(algorithm, public_key)
            .verify(message, request.signature)
            .is_ok(),
        Message::ExternalMu(mu) => {
            let mu: &[u8; MU] = mu.try_into().map_err(|_| BackingFailed::Unsupported)?;
            ffi::ml_dsa_verify_mu(public_key, mu, request.signature)
        }
        Message::Digest(_) => return Err(BackingFailed::Unsupported),
    };
    match fits {
        true => Ok(()),
        false => Err(BackingFailed::Mismatch),
    }
}
