//! ML-KEM keys, which encapsulate secrets.
//!
//! Source: KMS Developer Guide, "ML-KEM key specs"; FIPS 203; RFC 9935.

use ambient::Entropy;

use super::{EncapsulationAlgorithm, Family, KeySpec, Use, Weight, Work};
use crate::backing::BackingFailed;
use crate::material::Material;

macro_rules! ml_kem_spec {
    ($($spec:ident: $parameters:ident;)*) => {$(
        pub(super) static $spec: KeySpec = KeySpec {
            name: stringify!($spec),
            family: Family::Asymmetric,
            uses: &[Use::Encapsulation(&[EncapsulationAlgorithm { name: "ML_KEM" }])],
            data_key_pairs: true,
            weight: Weight::Light,
            work: &MlKem { parameters: Parameters::$parameters },
        };
    )*};
}

ml_kem_spec! {
    ML_KEM_512: MlKem512;
    ML_KEM_768: MlKem768;
    ML_KEM_1024: MlKem1024;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parameters {
    MlKem512,
    MlKem768,
    MlKem1024,
}

struct MlKem {
    parameters: Parameters,
}

impl Work for MlKem {
    fn generate(&self, _: &dyn Entropy) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }

    fn import(&self, _: &[u8]) -> Result<Material, BackingFailed> {
        Err(BackingFailed::Unsupported)
    }
}
