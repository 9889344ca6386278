//! ML-KEM keys, which encapsulate secrets.
//!
//! Source: KMS Developer Guide, "ML-KEM key specs"; FIPS 203; RFC 9935.

use ambient::Entropy;
use aws_lc_rs::kem::{self, Algorithm, DecapsulationKey, EncapsulationKey};
use secret::{SecretArray, SecretBuffer, SecretBytes};

use super::{EncapsulationAlgorithm, Family, KeySpec, Use, Weight, Work};
use crate::backing::{BackingFailed, Encapsulated};
use crate::ffi;
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

/// The seed, which is d and z of FIPS 203 together, in bytes.
const SEED: usize = 64;

/// PKCS#8 of a seed but for the last byte of the algorithm's OID and the seed itself: version 0, the algorithm, and the
/// seed under the tag [0]. Source: RFC 9935, section 6.
const PKCS8: [&[u8]; 2] = [
    &[
        0x30, 0x54, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x04,
    ],
    &[0x04, 0x42, 0x80, 0x40],
];

/// A key pair as the library wants it.
struct Parsed {
    decapsulating: DecapsulationKey,
    encapsulating: EncapsulationKey,
    public: Vec<u8>,
}

impl MlKem {
    fn algorithm(&self) -> &'static Algorithm {
        match self.parameters {
            Parameters::MlKem512 => &kem::ML_KEM_512,
            Parameters::MlKem768 => &kem::ML_KEM_768,
            Parameters::MlKem1024 => &kem::ML_KEM_1024,
        }
    }

    fn set(&self) -> ffi::MlKem {
        match self.parameters {
            Parameters::MlKem512 => ffi::MlKem::Kem512,
            Parameters::MlKem768 => ffi::MlKem::Kem768,
            Parameters::MlKem1024 => ffi::MlKem::Kem1024,
        }
    }

    /// Bytes of a ciphertext. Source: FIPS 203, table 3.
    fn ciphertext(&self) -> usize {
        match self.parameters {
            Parameters::MlKem512 => 768,
            Parameters::MlKem768 => 1088,
            Parameters::MlKem1024 => 1568,
        }
    }

    /// The last byte of the OID 2.16.840.1.101.3.4.4.n.
    fn oid(&self) -> u8 {
        match self.parameters {
            Parameters::MlKem512 => 1,
            Parameters::MlKem768 => 2,
            Parameters::MlKem1024 => 3,
        }
    }

    /// The PKCS#8 of a seed.
    fn of_seed(&self, seed: &[u8; SEED]) -> SecretBytes {
        let mut pkcs8 = SecretBuffer::with_capacity(86);
        let [start, middle] = PKCS8;
        for part in [start, &[self.oid()], middle, seed] {
            pkcs8.extend(part);
        }
        pkcs8.into_secret()
    }

    /// The seed in a PKCS#8 of just this form and these parameters.
    fn seed_in<'k>(&self, pkcs8: &'k [u8]) -> Option<&'k [u8; SEED]> {
        let [start, middle] = PKCS8;
        let (oid, rest) = pkcs8.strip_prefix(start)?.split_first()?;
        let seed = rest.strip_prefix(middle)?;
        seed.try_into().ok().filter(|_| *oid == self.oid())
    }

    fn parse(&self, pkcs8: &[u8]) -> Result<Parsed, BackingFailed> {
        let seed = self.seed_in(pkcs8).ok_or(BackingFailed::UnfitKey)?;
        let (secret, public) = ffi::ml_kem_of_seed(self.set(), seed).ok_or_else(BackingFailed::library)?;
        let failed = |_| BackingFailed::library();
        Ok(Parsed {
            decapsulating: DecapsulationKey::new(self.algorithm(), secret.expose()).map_err(failed)?,
            encapsulating: EncapsulationKey::new(self.algorithm(), &public).map_err(failed)?,
            public: self.spki(&public),
        })
    }

    fn parsed<'m>(&self, material: &'m Material) -> Result<&'m Parsed, BackingFailed> {
        material.parsed(|pkcs8| self.parse(pkcs8))
    }

    /// The public key as SubjectPublicKeyInfo. Source: RFC 9935, section 4.
    fn spki(&self, public_key: &[u8]) -> Vec<u8> {
        // INVARIANT: a public key has 800, 1184 or 1568 bytes, so that all lengths take two.
        let length = |bytes: usize| u16::try_from(bytes).unwrap_or(u16::MAX).to_be_bytes();
        let mut spki = vec![0x30, 0x82];
        spki.extend(length(public_key.len() + 18));
        spki.extend([
            0x30,
            0x0b,
            0x06,
            0x09,
            0x60,
            0x86,
            0x48,
            0x01,
            0x65,
            0x03,
            0x04,
            0x04,
            self.oid(),
            0x03,
            0x82,
        ]);
        spki.extend(length(public_key.len() + 1));
        spki.push(0);
        spki.extend_from_slice(public_key);
        spki
    }
}

impl Work for MlKem {
    fn generate(&self, entropy: &dyn Entropy) -> Result<Material, BackingFailed> {
        let seed = SecretArray::<SEED>::filled_by(|seed| entropy.fill(seed))?;
        Ok(Material::private(self.of_seed(seed.expose())))
    }

    fn import(&self, key: &[u8]) -> Result<Material, BackingFailed> {
        self.parse(key)?;
        Ok(Material::private(SecretBytes::copied_from(key)))
    }

    fn public_key(&self, material: &Material) -> Result<Vec<u8>, BackingFailed> {
        Ok(self.parsed(material)?.public.clone())
    }

    /// The library draws the random bytes.
    fn encapsulate(&self, material: &Material) -> Result<Encapsulated, BackingFailed> {
        let key = &self.parsed(material)?.encapsulating;
        let (ciphertext, secret) = key.encapsulate().map_err(|_| BackingFailed::library())?;
        Ok(Encapsulated {
            secret: SecretBytes::copied_from(secret.as_ref()),
            ciphertext: ciphertext.as_ref().to_vec(),
        })
    }

    fn fits_ciphertext(&self, length: usize) -> bool {
        length == self.ciphertext()
    }

    fn decapsulate(&self, material: &Material, ciphertext: &[u8]) -> Result<SecretBytes, BackingFailed> {
        if !self.fits_ciphertext(ciphertext.len()) {
            return Err(BackingFailed::Unopenable);
        }
        let secret = self
            .parsed(material)?
            .decapsulating
            .decapsulate(ciphertext.into());
        let secret = secret.map_err(|_| BackingFailed::library())?;
        Ok(SecretBytes::copied_from(secret.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ambient::SeededEntropy;

    #[test]
    fn keys_have_the_sizes_of_the_standard() {
        for (parameters, spki, ciphertext) in [
            (Parameters::MlKem512, 822, 768),
            (Parameters::MlKem768, 1206, 1088),
            (Parameters::MlKem1024, 1590, 1568),
        ] {
            let kem = MlKem { parameters };
            let material = kem.generate(&SeededEntropy::new(1)).unwrap();
            assert_eq!(material.to_pkcs8().unwrap().len(), 86);
            assert_eq!(kem.public_key(&material).unwrap().len(), spki);
            let made = kem.encapsulate(&material).unwrap();
            assert_eq!((made.ciphertext.len(), made.secret.len()), (ciphertext, 32));
        }
    }

    #[test]
    fn a_ciphertext_of_another_key_gives_another_secret() {
        let kem = MlKem {
            parameters: Parameters::MlKem768,
        };
        let [own, other] = [1, 2].map(|seed| kem.generate(&SeededEntropy::new(seed)).unwrap());
        let made = kem.encapsulate(&own).unwrap();
        assert_eq!(kem.decapsulate(&own, &made.ciphertext).unwrap(), made.secret);
        let foreign = kem.decapsulate(&other, &made.ciphertext).unwrap();
        assert_ne!(foreign, made.secret);
        assert_eq!(kem.decapsulate(&other, &made.ciphertext).unwrap(), foreign);
        assert_eq!(
            kem.decapsulate(&own, &made.ciphertext[1..]),
            Err(BackingFailed::Unopenable)
        );
    }
}
