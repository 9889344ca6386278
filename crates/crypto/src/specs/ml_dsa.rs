//! ML-DSA keys, which sign.
//!
//! Source: KMS Developer Guide, "ML-DSA key specs"; FIPS 204; RFC 9881.

use ambient::Entropy;

use super::{Family, KeySpec, MessageForm, Scheme, SigningAlgorithm, Use, Weight, Work};
use crate::backing::BackingFailed;
use crate::material::Material;

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

impl Work for MlDsa {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
