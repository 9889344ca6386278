//! The shapes that all others are made of.

mod blob;
mod boolean;
mod list;
mod map;
mod number;
mod pointer;
mod text;
mod timestamp;

pub use blob::Blob;
pub(crate) use text::read_text;
