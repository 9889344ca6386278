//! The named limits of this crate.

/// The longest document, in bytes. Source: KMS API Reference, `RecipientInfo`, `AttestationDocument`.
pub const DOCUMENT: usize = 262_144;

/// The most certificates between a document's own and none.
pub const BUNDLE: usize = 16;

/// The longest certificate, in bytes. Source: Nitro Enclaves, "attestation_process.md", section 3.2.2.
pub const CERTIFICATE: usize = 1024 * 4;

/// The most measurements. Source: as above.
pub const PCRS: usize = 32;

/// The longest module id, in bytes.
pub const MODULE_ID: usize = 1024;
