//! Work with material in this process.

use std::fmt;
use std::sync::Arc;

use ambient::Entropy;
use ambient::pool::{Pool, PoolFailed};
use secret::SecretBytes;

use super::{
    Backing, BackingFailed, Decryption, Encapsulated, Encryption, Message, Signing, VerificationOfMac,
    VerificationOfSignature,
};
use crate::material::Material;
use crate::specs::{AgreementAlgorithm, EncapsulationAlgorithm, KeySpec, MacAlgorithm, Weight, Work};

/// Works with material in this process. What is done in microseconds is done at once, what takes longer by a pool of
/// threads that yield to everything else.
pub struct InProcess {
    entropy: Arc<dyn Entropy>,
    pool: Arc<Pool>,
}

/// A key of [`InProcess`]: material that the store keeps sealed.
#[derive(Debug, Clone)]
pub struct HeldKey {
    /// What kind of key it is.
    pub spec: &'static KeySpec,
    /// Its material, erased when the last who holds it lets go.
    pub material: Arc<Material>,
}

/// A key pair that is made for a caller, and kept by nobody here.
#[derive(Debug)]
pub struct DataKeyPair {
    /// PKCS#8 in DER, RFC 5958.
    pub private_key: SecretBytes,
    /// SubjectPublicKeyInfo in DER, RFC 5280.
    pub public_key: Vec<u8>,
}

impl InProcess {
    /// Takes its random bytes from `entropy`, and has `pool` do what takes long.
    pub fn new(entropy: Arc<dyn Entropy>, pool: Arc<Pool>) -> InProcess {
        InProcess { entropy, pool }
    }

    /// Makes a key pair to be given away; [`BackingFailed::Unsupported`] for specs that have none.
    pub async fn generate_pair(&self, spec: &'static KeySpec) -> Result<DataKeyPair, BackingFailed> {
        if !spec.data_key_pairs {
            return Err(BackingFailed::Unsupported);
        }
        let entropy = Arc::clone(&self.entropy);
        let make = move || {
            let work = spec.work();
            let material = work.generate(&*entropy)?;
            Ok(DataKeyPair {
                private_key: material.to_pkcs8()?,
                public_key: work.public_key(&material)?,
            })
        };
        match spec.weight {
            Weight::Light => make(),
            Weight::HeavySecret | Weight::Heavy => self.apart(make).await,
        }
    }

    /// Takes material that was made elsewhere, in this spec's form: raw bytes or PKCS#8. [`BackingFailed::UnfitKey`] where
    /// it is no key of the spec.
    pub async fn import(
        &self,
        spec: &'static KeySpec,
        key: Arc<SecretBytes>,
    ) -> Result<HeldKey, BackingFailed> {
        let import = move || spec.work().import(key.expose());
        let material = Arc::new(match spec.weight {
            Weight::Light => import()?,
            Weight::HeavySecret | Weight::Heavy => self.apart(import).await?,
        });
        Ok(HeldKey { spec, material })
    }

    /// Runs heavy work on the pool.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, BackingFailed> + Send + 'static,
    ) -> Result<T, BackingFailed> {
        match self.pool.run(work).await {
            Ok(done) => done,
            Err(PoolFailed::Full) => Err(BackingFailed::Busy),
            Err(failed @ PoolFailed::Panicked) => Err(BackingFailed::Failed {
                cause: failed.to_string(),
            }),
        }
    }

    /// Runs what needs no private key on the pool where even that is heavy for this key.
    async fn apart_with<T: Send + 'static>(
        &self,
        key: &HeldKey,
        work: impl FnOnce(&'static dyn Work, &Material) -> Result<T, BackingFailed> + Send + 'static,
    ) -> Result<T, BackingFailed> {
        let HeldKey { spec, material } = key.clone();
        self.apart(move || work(spec.work(), &material)).await
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

/// A message that goes to another thread.
enum Owned {
    Raw(SecretBytes),
    Digest(SecretBytes),
    ExternalMu(SecretBytes),
}

impl Owned {
    fn of(message: Message<'_>) -> Owned {
        match message {
            Message::Raw(bytes) => Owned::Raw(SecretBytes::copied_from(bytes)),
            Message::Digest(bytes) => Owned::Digest(SecretBytes::copied_from(bytes)),
            Message::ExternalMu(bytes) => Owned::ExternalMu(SecretBytes::copied_from(bytes)),
        }
    }

    fn message(&self) -> Message<'_> {
        match self {
            Owned::Raw(bytes) => Message::Raw(bytes.expose()),
            Owned::Digest(bytes) => Message::Digest(bytes.expose()),
            Owned::ExternalMu(bytes) => Message::ExternalMu(bytes.expose()),
        }
    }
}

impl Backing for InProcess {
    type Key = HeldKey;

    async fn generate(&self, spec: &'static KeySpec) -> Result<HeldKey, BackingFailed> {
        let material = match spec.weight {
            Weight::Light => spec.work().generate(&*self.entropy)?,
            Weight::HeavySecret | Weight::Heavy => {
                let entropy = Arc::clone(&self.entropy);
                self.apart(move || spec.work().generate(&*entropy)).await?
            }
        };
        Ok(HeldKey {
            spec,
            material: Arc::new(material),
        })
    }

    async fn public_key(&self, key: &HeldKey) -> Result<Vec<u8>, BackingFailed> {
        match key.spec.weight {
            Weight::Light => key.spec.work().public_key(&key.material),
            Weight::HeavySecret | Weight::Heavy => {
                self.apart_with(key, |work, material| work.public_key(material))
                    .await
            }
        }
    }

    async fn encrypt(&self, key: &HeldKey, request: Encryption<'_>) -> Result<Vec<u8>, BackingFailed> {
        supported(key.spec.encryption(request.algorithm.name) == Some(request.algorithm))?;
        if key.spec.weight != Weight::Heavy {
            return key.spec.work().encrypt(&key.material, &request, &*self.entropy);
        }
        let Encryption {
            algorithm,
            header,
            context,
            plaintext,
        } = request;
        let (header, context) = (*header, context.clone());
        let plaintext = SecretBytes::copied_from(plaintext);
        let entropy = Arc::clone(&self.entropy);
        self.apart_with(key, move |work, material| {
            let request = Encryption {
                algorithm,
                header: &header,
                context: &context,
                plaintext: plaintext.expose(),
            };
            work.encrypt(material, &request, &*entropy)
        })
        .await
    }

    async fn decrypt(&self, key: &HeldKey, request: Decryption<'_>) -> Result<SecretBytes, BackingFailed> {
        supported(key.spec.encryption(request.algorithm.name) == Some(request.algorithm))?;
        if key.spec.weight == Weight::Light {
            return key.spec.work().decrypt(&key.material, &request);
        }
        let (algorithm, context) = (request.algorithm, request.context.clone());
        let ciphertext = request.ciphertext.to_vec();
        self.apart_with(key, move |work, material| {
            let request = Decryption {
                algorithm,
                context: &context,
                ciphertext: &ciphertext,
            };
            work.decrypt(material, &request)
        })
        .await
    }

    async fn sign(&self, key: &HeldKey, request: Signing<'_>) -> Result<Vec<u8>, BackingFailed> {
        supported(key.spec.signing(request.algorithm.name) == Some(request.algorithm))?;
        if key.spec.weight == Weight::Light {
            return key.spec.work().sign(&key.material, &request, &*self.entropy);
        }
        let (algorithm, message) = (request.algorithm, Owned::of(request.message));
        let entropy = Arc::clone(&self.entropy);
        self.apart_with(key, move |work, material| {
            let message = message.message();
            work.sign(material, &Signing { algorithm, message }, &*entropy)
        })
        .await
    }

    async fn verify(&self, key: &HeldKey, request: VerificationOfSignature<'_>) -> Result<(), BackingFailed> {
        supported(key.spec.signing(request.algorithm.name) == Some(request.algorithm))?;
        if key.spec.weight != Weight::Heavy {
            return key.spec.work().verify(&key.material, &request);
        }
        let (algorithm, message) = (request.algorithm, Owned::of(request.message));
        let signature = request.signature.to_vec();
        self.apart_with(key, move |work, material| {
            let request = VerificationOfSignature {
                algorithm,
                message: message.message(),
                signature: &signature,
            };
            work.verify(material, &request)
        })
        .await
    }

    async fn mac(
        &self,
        key: &HeldKey,
        algorithm: &'static MacAlgorithm,
        message: &[u8],
    ) -> Result<Vec<u8>, BackingFailed> {
        supported(key.spec.mac(algorithm.name) == Some(algorithm))?;
        key.spec.work().mac(&key.material, algorithm, message)
    }

    async fn verify_mac(&self, key: &HeldKey, request: VerificationOfMac<'_>) -> Result<(), BackingFailed> {
        supported(key.spec.mac(request.algorithm.name) == Some(request.algorithm))?;
        key.spec.work().verify_mac(&key.material, &request)
    }

    async fn agree(
        &self,
        key: &HeldKey,
        algorithm: &'static AgreementAlgorithm,
        peer: &[u8],
    ) -> Result<SecretBytes, BackingFailed> {
        supported(key.spec.agreement(algorithm.name) == Some(algorithm))?;
        if key.spec.weight == Weight::Light {
            return key.spec.work().agree(&key.material, peer);
        }
        let peer = peer.to_vec();
        self.apart_with(key, move |work, material| work.agree(material, &peer))
            .await
    }

    async fn encapsulate(
        &self,
        key: &HeldKey,
        algorithm: &'static EncapsulationAlgorithm,
    ) -> Result<Encapsulated, BackingFailed> {
        supported(key.spec.encapsulation(algorithm.name) == Some(algorithm))?;
        key.spec.work().encapsulate(&key.material)
    }

    async fn decapsulate(
        &self,
        key: &HeldKey,
        algorithm: &'static EncapsulationAlgorithm,
        ciphertext: &[u8],
    ) -> Result<SecretBytes, BackingFailed> {
        supported(key.spec.encapsulation(algorithm.name) == Some(algorithm))?;
        key.spec.work().decapsulate(&key.material, ciphertext)
    }

    /// Lets go of the material; the caller has deleted the row that kept it.
    async fn destroy(&self, key: HeldKey) -> Result<(), BackingFailed> {
        drop(key);
        Ok(())
    }
}

/// Refuses an algorithm that is not one of the key's spec.
fn supported(is_the_keys: bool) -> Result<(), BackingFailed> {
    match is_the_keys {
        true => Ok(()),
        false => Err(BackingFailed::Unsupported),
    }
}

#[cfg(test)]
mod tests;
