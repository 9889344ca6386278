//! Key material on its way from one Region to another.

use std::sync::Arc;

use arn::Place;
use crypto::{Material, MaterialId};
use engine::View;
use secret::SecretBuffer;
use store::{Domain, Purpose, StoreError};

use crate::KmsError;
use crate::key_id::KeyId;

/// Material of one key, sealed for one Region: nobody else can open it, and it opens as nothing else.
#[derive(Debug)]
pub struct Package(Vec<u8>);

/// What a package is bound to.
#[derive(Debug)]
pub struct Bound<'b> {
    /// The Region that sends.
    pub from: &'b Place,
    /// The Region that receives.
    pub to: &'b Place,
    /// The receiving Region's part of the store, whose keys seal.
    pub domain: Domain,
    /// The key.
    pub key: KeyId,
    /// Which of its materials.
    pub material: MaterialId,
}

impl Bound<'_> {
    fn with<T>(&self, use_it: impl FnOnce(&[&[u8]]) -> T) -> T {
        let account = self.to.account.number().to_be_bytes();
        use_it(&[
            &account,
            self.from.region.as_str().as_bytes(),
            self.to.region.as_str().as_bytes(),
            &self.key.to_bytes(),
            self.material.as_bytes(),
        ])
    }
}

impl Package {
    /// Packs material for the Region that receives.
    pub fn seal(view: &View, bound: &Bound<'_>, material: &Material) -> Result<Package, KmsError> {
        let mut text = SecretBuffer::with_capacity(64);
        material.encode(&mut text);
        let snapshot = view.store().snapshot();
        let sealed =
            bound.with(|bound_to| snapshot.seal(bound.domain, Purpose::Package, bound_to, text.expose()))?;
        Ok(Package(sealed))
    }

    /// Unpacks it there; a package for another Region, key or material does not open.
    pub fn open(&self, view: &View, bound: &Bound<'_>) -> Result<Arc<Material>, KmsError> {
        let snapshot = view.store().snapshot();
        let text = bound.with(|bound_to| snapshot.open(bound.domain, Purpose::Package, bound_to, &self.0));
        let damaged = || KmsError::Store(StoreError::Damaged("packages of key material"));
        let text = text.map_err(|_| damaged())?;
        Material::decode(text.expose())
            .map(Arc::new)
            .map_err(|_| damaged())
    }
}
