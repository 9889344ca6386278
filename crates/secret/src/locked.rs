//! Key-sized secrets in memory that is neither swapped out nor dumped.
#![allow(unsafe_code)]

use std::fmt;
use std::ptr::NonNull;
use std::sync::Mutex;

use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// Bytes of one key, and of one slot.
const SLOT: usize = 32;
const PAGE: usize = 4096;
const SLOTS: usize = PAGE / SLOT;

/// 32 secret bytes in a page that is locked into memory and kept out of core dumps, where the system's limit
/// allows; where it does not, in ordinary memory after one warning. Erased on drop.
pub struct LockedKey(NonNull<[u8; SLOT]>);

// SAFETY: a `LockedKey` owns its slot alone; the slot is written only while it is being made and erased.
unsafe impl Send for LockedKey {}
// SAFETY: as above; shared references only read.
unsafe impl Sync for LockedKey {}

static FREE: Mutex<Vec<Slot>> = Mutex::new(Vec::new());

struct Slot(NonNull<[u8; SLOT]>);
// SAFETY: a free slot is referred to by the list alone.
unsafe impl Send for Slot {}

impl LockedKey {
    /// All zero, then filled in place by `fill`.
    pub fn filled_by<E>(fill: impl FnOnce(&mut [u8; SLOT]) -> Result<(), E>) -> Result<LockedKey, E> {
        let mut key = LockedKey(take_slot());
        // SAFETY: the slot is 32 mapped, initialised bytes that only `key` refers to.
        fill(unsafe { key.0.as_mut() })?;
        Ok(key)
    }

    /// Copies bytes that somebody else owns and erases; `None` unless there are exactly 32.
    pub fn copied_from(bytes: &[u8]) -> Option<LockedKey> {
        let bytes: &[u8; SLOT] = bytes.try_into().ok()?;
        LockedKey::filled_by::<()>(|slot| {
            slot.copy_from_slice(bytes);
            Ok(())
        })
        .ok()
    }

    /// The bytes themselves.
    pub fn expose(&self) -> &[u8; SLOT] {
        // SAFETY: the slot stays mapped and initialised for as long as this key owns it.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for LockedKey {
    fn drop(&mut self) {
        // SAFETY: this key owns its slot alone, and gives it back erased.
        unsafe { self.0.as_mut() }.zeroize();
        free_slots().push(Slot(self.0));
    }
}

impl fmt::Debug for LockedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LockedKey(32 bytes)")
    }
}

impl PartialEq for LockedKey {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_slice().ct_eq(other.expose().as_slice()).into()
    }
}

impl Eq for LockedKey {}

/// Keeps the memory of this process out of core dumps and away from other processes of the same user.
pub fn forbid_core_dumps() {
    let none = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: both calls take plain values, or a pointer to a live local.
    let outcomes = unsafe {
        [
            libc::setrlimit(libc::RLIMIT_CORE, &none),
            libc::prctl(libc::PR_SET_DUMPABLE, 0, 0, 0, 0),
        ]
    };
    if outcomes != [0; 2] {
        tracing::warn!("core dumps could not be switched off: a crash may write secrets to disk");
    }
}

fn free_slots() -> std::sync::MutexGuard<'static, Vec<Slot>> {
    FREE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn take_slot() -> NonNull<[u8; SLOT]> {
    let mut free = free_slots();
    if let Some(slot) = free.pop() {
        return slot.0;
    }
    let page = locked_page();
    // SAFETY: the page is `SLOTS` slots long and never unmapped; each slot is handed out once at a time.
    free.extend((1..SLOTS).map(|slot| Slot(unsafe { page.add(slot) })));
    page
}

/// A new zeroed page. It stays mapped for the life of the process: slots go back to the list.
fn locked_page() -> NonNull<[u8; SLOT]> {
    // SAFETY: an anonymous private mapping of a constant, page-sized length at an address of the system's choice.
    let address = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            PAGE,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    let mapped = (address != libc::MAP_FAILED)
        .then(|| NonNull::new(address.cast::<[u8; SLOT]>()))
        .flatten();
    let Some(page) = mapped else {
        std::alloc::handle_alloc_error(std::alloc::Layout::new::<[u8; PAGE]>());
    };
    // SAFETY: both calls cover just the page mapped above. Each is made whatever comes of the other.
    let outcomes = unsafe {
        [
            libc::madvise(address, PAGE, libc::MADV_DONTDUMP),
            libc::mlock(address, PAGE),
        ]
    };
    if outcomes != [0; 2] {
        static WARNED: std::sync::Once = std::sync::Once::new();
        WARNED.call_once(|| {
            tracing::warn!(
                "the limit on locked memory is reached: further keys may be swapped out (raise `ulimit -l`)"
            );
        });
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_freed_slot_is_erased_before_it_is_used_again() {
        let keys: Vec<LockedKey> = (0..200_u8)
            .map(|byte| LockedKey::copied_from(&[byte; 32]).unwrap())
            .collect();
        assert!(
            keys.iter()
                .zip(0..200_u8)
                .all(|(key, byte)| key.expose() == &[byte; 32])
        );
        drop(keys);
        let again = LockedKey::filled_by(|slot| if slot == &[0; 32] { Ok(()) } else { Err("dirty") });
        assert!(again.is_ok());
    }

    #[test]
    fn a_locked_key_takes_only_32_bytes() {
        assert!(LockedKey::copied_from(&[0; 31]).is_none());
        assert_eq!(
            format!("{:?}", LockedKey::copied_from(&[7; 32]).unwrap()),
            "LockedKey(32 bytes)"
        );
    }
}
