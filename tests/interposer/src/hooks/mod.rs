//! The C functions that this library stands in for, under each name that programs call them by.

mod data;
mod descriptors;
mod flush;
mod names;
mod unmodelled;

use libc::{c_char, c_int};

use crate::ledger;
use crate::path::Place;
use crate::sys;
use crate::world::{World, world};

/// Defines a C function under each of its names.
macro_rules! hook {
    ($($name:ident)|+: $arguments:tt -> $answer:ty $body:block) => {
        $(
            #[unsafe(no_mangle)]
            extern "C" fn $name $arguments -> $answer $body
        )+
    };
}
pub(crate) use hook;

/// Fails as a C function does.
fn fail<T: From<i8>>(errno: c_int) -> T {
    sys::set_errno(errno);
    T::from(-1)
}

/// The world, and the place in it that `path` names; `None` if it is elsewhere or nothing is recorded.
fn named(directory: c_int, path: *const c_char) -> Option<(&'static World, Place)> {
    let world = world()?;
    let recorded = || ledger::ledger().slot(directory).map(|slot| slot.place);
    Some((world, world.place(directory, path, recorded)?))
}

/// The world, and what is known of `fd`; `None` if it is not recorded.
fn held(fd: c_int) -> Option<(&'static World, ledger::Slot)> {
    if !ledger::is_recorded(fd) {
        return None;
    }
    Some((world()?, ledger::ledger().slot(fd)?))
}
