//! Configuration, TLS, HTTP, wiring.
//!
//! [`start::serve`] is the life of a server from top to bottom. What stands behind its ports comes in through the
//! traits [`Foundation`], [`Installation`] and [`Answer`].

mod admin;
mod boundary;
pub mod certificates;
pub mod config;
mod directory;
mod files;
mod http;
mod keeper;
pub mod limits;
pub mod logging;
pub mod metrics;
mod profile;
mod root_key;
pub mod shell;
mod signals;
pub mod start;
mod tls;

pub use boundary::{
    AccessKey, Answer, Foundation, Installation, Mistake, Peer, Request, Response, Terms, TlsDetails,
};
pub use directory::{DataDirectory, DirectoryError};
pub use files::FileError;
pub use keeper::KeeperError;
pub use profile::{PROFILE, Profile};
pub use root_key::{RootKeyError, RootSecret, environment};
pub use tls::TlsError;
