//! The one way to secrets.

use std::sync::Arc;

use crate::error::StoreError;
use crate::rowkey::Domain;
use crate::table::SecretTable;
use crate::view::View;

/// Opens the rows of tables of secrets. There is one, made with the store; whoever holds it decides who may.
pub struct Vault {
    pub(crate) _only_made_with_a_store: (),
}

impl Vault {
    /// The secret of a row, or that there is none. Opened secrets are kept, in a bounded number, until their
    /// row changes; the row joins what `view` has read.
    pub fn open<T: SecretTable>(
        &self,
        view: &View,
        domain: Domain,
        key: &T::Key,
    ) -> Result<Option<Arc<T::Secret>>, StoreError> {
        view.secret::<T>(domain, key)
    }
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault")
    }
}
