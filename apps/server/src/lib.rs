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
mod network;
mod profile;
pub mod recover;
mod root_key;
mod run;
pub mod shell;
pub mod start;
mod tls;
mod wiring;

pub use boundary::{Answer, Foundation, Installation, Mistake, Terms};
pub use directory::{DataDirectory, DirectoryError};
pub use files::FileError;
pub use keeper::KeeperError;
pub use profile::{PROFILE, Profile};
pub use root_key::{RootKeyError, RootSecret, environment};
pub use run::{recover, run};
pub use tls::TlsError;
pub use wiring::Embedded;
