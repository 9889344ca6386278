//! Configuration, TLS, HTTP, wiring.

mod boundary;
pub mod certificates;
pub mod config;
mod directory;
mod files;
pub mod limits;
pub mod metrics;
mod profile;
mod root_key;
mod tls;

pub use boundary::{
    AccessKey, Answer, Foundation, Installation, Mistake, Peer, Request, Response, Terms, TlsDetails,
};
pub use directory::{DataDirectory, DirectoryError};
pub use files::FileError;
pub use profile::{PROFILE, Profile};
pub use root_key::{RootKeyError, RootSecret, environment};
