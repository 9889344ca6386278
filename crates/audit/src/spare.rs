//! Segments made ready ahead of need, on a thread of their own: filled with zeros and flushed, so that writing
//! records into them changes nothing about the file but its bytes, which makes flushes cheap.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::disk::{Disk, DiskFile};
use crate::error::AuditError;
use crate::limits;

/// The name of a segment until it has a header.
pub(crate) const NAME: &str = "segment.new";

/// A file of zeros, not yet a segment.
pub(crate) struct Spare {
    pub(crate) file: Arc<dyn DiskFile>,
    pub(crate) capacity: u64,
}

impl Spare {
    /// Makes one at once.
    pub(crate) fn make(disk: &dyn Disk, capacity: u64) -> Result<Spare, AuditError> {
        zeroed(disk, capacity).map_err(AuditError::io("allocate", &disk.path(NAME)))
    }

    /// Gives it its header and its name, durably.
    pub(crate) fn adopt(self, disk: &dyn Disk, header: &[u8], name: &str) -> Result<Spare, AuditError> {
        let begin = || {
            self.file.write_at(header, 0)?;
            self.file.flush()?;
            disk.rename(NAME, name)?;
            disk.flush()
        };
        begin().map_err(AuditError::io("begin", &disk.path(name)))?;
        Ok(self)
    }
}

fn zeroed(disk: &dyn Disk, capacity: u64) -> io::Result<Spare> {
    let file = disk.create(NAME)?;
    let zeros = vec![0; limits::CHUNK];
    let fill = || {
        let mut at = 0;
        while at < capacity {
            let length = (capacity - at).min(zeros.len() as u64);
            file.write_at(zeros.get(..length as usize).unwrap_or_default(), at)?;
            at += length;
            // In steps, so that the flushes of records never wait long behind these.
            if at.is_multiple_of(limits::SPARE_STEP) {
                file.flush()?;
            }
        }
        file.flush()
    };
    match fill() {
        Ok(()) => Ok(Spare { file, capacity }),
        Err(cause) => {
            // Room that could not be had in full is given back.
            let _ = disk.remove(NAME);
            Err(cause)
        }
    }
}

/// The thread that makes segments ready, one at a time.
pub(crate) struct Preparer {
    wanted: Option<Sender<u64>>,
    made: Receiver<Result<Spare, AuditError>>,
    pending: bool,
    thread: Option<JoinHandle<()>>,
}

impl Preparer {
    /// Starts it with nothing to do.
    pub(crate) fn start(disk: Arc<dyn Disk>) -> io::Result<Preparer> {
        let (wanted, wishes) = channel();
        let (results, made) = channel();
        let thread = ambient::task::thread("audit-spare", move || {
            for capacity in wishes {
                if results.send(Spare::make(disk.as_ref(), capacity)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Preparer {
            wanted: Some(wanted),
            made,
            pending: false,
            thread: Some(thread),
        })
    }

    /// Asks for a segment of `capacity` bytes, unless one is being made.
    pub(crate) fn ask(&mut self, capacity: u64) {
        if let (false, Some(wanted)) = (self.pending, &self.wanted) {
            self.pending = wanted.send(capacity).is_ok();
        }
    }

    /// Waits for the segment that was asked for; `None` if none was, or it could not be made.
    pub(crate) fn take(&mut self) -> Option<Spare> {
        if !std::mem::replace(&mut self.pending, false) {
            return None;
        }
        match self.made.recv() {
            Ok(Ok(spare)) => Some(spare),
            Ok(Err(cause)) => {
                tracing::warn!(%cause, "the audit log's next segment could not be made ready ahead of need");
                None
            }
            Err(_) => None,
        }
    }
}

impl Drop for Preparer {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // INVARIANT: the thread does not panic, and ends with the channel.
            let _ = thread.join();
        }
    }
}
