//! The op log and the control file: what the interposer and the tests that read it share. `testkit` includes this
//! file as its own module, so that the two sides can't differ.
//!
//! The log is a row of records: a header of [`HEADER`] bytes, a path, a second path, data. Numbers are
//! little-endian. The control file is [`CONTROL_WORDS`] words of 64 bits, mapped by the interposer, and read and
//! written as a file by the tests: counters first, then the fault rules.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each side uses its own half, and one shows some of it"
)]

/// The directory whose files are recorded: absolute and canonical.
pub const ROOT: &str = "KEYSTEAD_IO_ROOT";
/// Where the op log goes: an existing file outside the root.
pub const LOG: &str = "KEYSTEAD_IO_LOG";
/// The control file: an existing file of [`CONTROL_WORDS`] words outside the root.
pub const RULES: &str = "KEYSTEAD_IO_RULES";

/// Bytes of a record's header.
pub const HEADER: usize = 64;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Operation {
    /// A process began: no descriptor of an earlier one counts any more. `numbers`: process id.
    Start = 0,
    /// An existing file or directory was opened. `numbers`: open flags, inode number, mode.
    Open = 1,
    /// A file was created and opened. As a rule's operation: any open that may create. `numbers` as for `Open`.
    Create = 2,
    /// `fd` came to mean what the descriptor in `numbers` means.
    Duplicate = 3,
    /// A descriptor was closed.
    Close = 4,
    /// Data was written. `numbers`: offset, length.
    Write = 5,
    /// A file was cut or lengthened, by descriptor or by path. `numbers`: size.
    Resize = 6,
    /// Space was allocated or freed. `numbers`: mode of `fallocate`, offset, length.
    Allocate = 7,
    /// `fsync`, of a file or a directory. `numbers`: the sequence number when the call began, up to which it covers.
    Flush = 8,
    /// `fdatasync`. `numbers` as for `Flush`.
    FlushData = 9,
    /// `sync_file_range`, which promises nothing about a power cut.
    FlushRange = 10,
    /// A name was moved from the path to the second path.
    Rename = 11,
    /// A name was removed.
    Unlink = 12,
    /// An empty directory was removed.
    RemoveDirectory = 13,
    /// A directory was made. `numbers`: mode.
    MakeDirectory = 14,
    /// The second path became another name of the path.
    Link = 15,
    /// Permissions were set, by descriptor or by path. `numbers`: mode.
    Mode = 16,
    /// Something happened that the model of the disk does not cover; the path says what.
    Violation = 17,
}

impl Operation {
    const ALL: [Operation; 18] = [
        Operation::Start,
        Operation::Open,
        Operation::Create,
        Operation::Duplicate,
        Operation::Close,
        Operation::Write,
        Operation::Resize,
        Operation::Allocate,
        Operation::Flush,
        Operation::FlushData,
        Operation::FlushRange,
        Operation::Rename,
        Operation::Unlink,
        Operation::RemoveDirectory,
        Operation::MakeDirectory,
        Operation::Link,
        Operation::Mode,
        Operation::Violation,
    ];

    /// The bit that stands for this operation in a rule's mask.
    pub const fn bit(self) -> u64 {
        1 << self as u8
    }

    fn from_number(number: u8) -> Option<Operation> {
        Operation::ALL.get(usize::from(number)).copied()
    }
}

/// The flush reported success and did nothing.
pub const DROPPED: u8 = 1;

/// The fixed part of a record.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    /// Bytes of the whole record.
    pub length: u32,
    /// What was done.
    pub operation: Operation,
    /// [`DROPPED`] or nothing.
    pub flags: u8,
    /// Bytes of the path, relative to the root, that follows the header.
    pub path: u16,
    /// Bytes of the second path, which follows the first; the rest of the record is data.
    pub second: u16,
    /// Place in the order of all operations, from 1.
    pub sequence: u64,
    /// The descriptor it was done to, or -1.
    pub fd: i32,
    /// The error number it failed with, or 0.
    pub error: i32,
    /// What the operation's description says, in that order.
    pub numbers: [u64; 3],
}

impl Header {
    /// As bytes.
    pub fn encode(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        put(&mut bytes, 0, &self.length.to_le_bytes());
        put(&mut bytes, 4, &[self.operation as u8, self.flags]);
        put(&mut bytes, 6, &self.path.to_le_bytes());
        put(&mut bytes, 8, &self.second.to_le_bytes());
        put(&mut bytes, 16, &self.sequence.to_le_bytes());
        put(&mut bytes, 24, &self.fd.to_le_bytes());
        put(&mut bytes, 28, &self.error.to_le_bytes());
        for (place, number) in self.numbers.iter().enumerate() {
            put(&mut bytes, 32 + 8 * place, &number.to_le_bytes());
        }
        bytes
    }

    /// From the first [`HEADER`] of `bytes`; `None` unless they begin with a header.
    pub fn decode(bytes: &[u8]) -> Option<Header> {
        let header = Header {
            length: u32::from_le_bytes(take(bytes, 0)?),
            operation: Operation::from_number(u8::from_le_bytes(take(bytes, 4)?))?,
            flags: u8::from_le_bytes(take(bytes, 5)?),
            path: u16::from_le_bytes(take(bytes, 6)?),
            second: u16::from_le_bytes(take(bytes, 8)?),
            sequence: u64::from_le_bytes(take(bytes, 16)?),
            fd: i32::from_le_bytes(take(bytes, 24)?),
            error: i32::from_le_bytes(take(bytes, 28)?),
            numbers: [
                u64::from_le_bytes(take(bytes, 32)?),
                u64::from_le_bytes(take(bytes, 40)?),
                u64::from_le_bytes(take(bytes, 48)?),
            ],
        };
        bytes.get(HEADER..).map(|_| header)
    }
}

fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

fn take<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

/// First word of the control file.
pub const MAGIC: u64 = u64::from_le_bytes(*b"ks-io-01");
/// Word that holds [`MAGIC`].
pub const MAGIC_WORD: usize = 0;
/// Word that holds the sequence number of the last operation in the log.
pub const SEQUENCE_WORD: usize = 1;
/// Word that holds the bytes of the log that are whole; what follows them is a record in the making, or torn.
pub const LENGTH_WORD: usize = 2;
/// Word that counts the violations.
pub const VIOLATIONS_WORD: usize = 3;
/// Words of the control file.
pub const CONTROL_WORDS: usize = FIRST_RULE + RULE_SLOTS * RULE_WORDS;

/// Word at which the rules begin.
pub const FIRST_RULE: usize = 32;
/// Rules that the control file holds.
pub const RULE_SLOTS: usize = 64;
/// Words of a rule.
pub const RULE_WORDS: usize = 32;

/// Word of a rule: [`ACTIVE`], or the rule is not there. Written last.
pub const RULE_STATE: usize = 0;
/// Word of a rule: the mask of operations, of [`Operation::bit`].
pub const RULE_OPERATIONS: usize = 1;
/// Word of a rule: one of the `ACTION_` numbers.
pub const RULE_ACTION: usize = 2;
/// Word of a rule: error number, milliseconds or bytes, as the action wants.
pub const RULE_ARGUMENT: usize = 3;
/// Word of a rule: matches to let pass before it acts.
pub const RULE_SKIP: usize = 4;
/// Word of a rule: matches it then acts on.
pub const RULE_TIMES: usize = 5;
/// Word of a rule: matches so far, counted by the interposer.
pub const RULE_MATCHES: usize = 6;
/// Word of a rule: bytes of its pattern.
pub const RULE_PATTERN_LENGTH: usize = 7;
/// Word of a rule at which its pattern begins.
pub const RULE_PATTERN: usize = 8;
/// Bytes of a pattern, at most.
pub const PATTERN_BYTES: usize = (RULE_WORDS - RULE_PATTERN) * 8;

/// State of a rule that acts.
pub const ACTIVE: u64 = 1;
/// The call does nothing and fails with the argument as its error number.
pub const ACTION_FAIL: u64 = 1;
/// A write writes no more bytes than the argument says.
pub const ACTION_SHORT: u64 = 2;
/// The call waits as many milliseconds as the argument says, then goes on.
pub const ACTION_DELAY: u64 = 3;
/// A flush reports success and does nothing.
pub const ACTION_DROP: u64 = 4;
/// The process is killed before the call does anything.
pub const ACTION_KILL: u64 = 5;

/// Whether `text` is as `pattern` says, in which `*` stands for any bytes, none and `/` included.
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                retry = Some((rest, text));
                pattern = rest;
            }
            (Some((wanted, more)), Some((byte, rest))) if wanted == byte => {
                pattern = more;
                text = rest;
            }
            (None, None) => return true,
            _ => match retry {
                Some((after_star, [_, rest @ ..])) => {
                    retry = Some((after_star, rest));
                    pattern = after_star;
                    text = rest;
                }
                _ => return false,
            },
        }
    }
}
