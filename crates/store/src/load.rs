//! Reading a whole store: unwrap its keys, check every row against the head, build what is resident.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use ambient::Entropy;
use crypto::root::RootKey;
use imbl::{OrdMap, OrdSet};

use crate::backend::{Backend, CommitFailure, Group, StoredRow};
use crate::error::OpenError;
use crate::head::{HEAD, Head, head_row};
use crate::keyring::{self, DOMAIN_KEYS, HeadKeys, Keyring, damaged};
use crate::limits;
use crate::outbox::{self, OUTBOX};
use crate::root::RootSource;
use crate::rowkey::{Domain, RowKey, TableId};
use crate::shared::{Shared, Tables};
use crate::state::{Entry, State};
use crate::table::{Kind, TableSpec};

/// The table of what the store says of itself in the clear.
const META: TableId = TableId(2);
const META_FORMAT: u8 = 1;

/// The first table number that is not the store's own.
const FIRST_DECLARED: u8 = 10;

pub(crate) struct Loaded {
    pub(crate) state: State,
    pub(crate) head_keys: HeadKeys,
    pub(crate) root: RootKey,
    pub(crate) created: bool,
}

/// The declared tables and the store's own.
pub(crate) fn all_tables(declared: &[TableSpec], own: &[TableSpec]) -> Result<Tables, OpenError> {
    if let Some(spec) = declared.iter().find(|spec| spec.id.0 < FIRST_DECLARED) {
        return Err(OpenError::TableTaken(spec.id.0));
    }
    let bare = |id, name, format, kind| TableSpec {
        id,
        name,
        format,
        resident: true,
        kind,
        entries: None,
    };
    let store = [
        bare(HEAD, "head", 1, Kind::Bare),
        bare(DOMAIN_KEYS, "domain keys", 1, Kind::Bare),
        bare(META, "store", META_FORMAT, Kind::Bare),
        bare(OUTBOX, "outbox", outbox::FORMAT, Kind::Record),
    ];
    let all = store.iter().chain(own).chain(declared).copied();
    Tables::of(all).map_err(OpenError::TableTaken)
}

/// Opens what lies in `backend`, or begins a store there.
pub(crate) fn open(
    backend: &mut dyn Backend,
    tables: &Tables,
    root: Box<dyn RootSource + '_>,
    entropy: &dyn Entropy,
) -> Result<Loaded, OpenError> {
    let Some(first) = first_rows(backend)? else {
        return create(backend, root, entropy);
    };
    let (root, _) = root
        .root_key(Some(first.root_parameters()?), entropy)
        .map_err(OpenError::NoRootKey)?;
    let (keyring, head_keys) = keyring::unwrap_all(&root, first.domain_keys())?;
    let sealed_head = first.head(&head_keys)?;
    let keyring = Arc::new(keyring);
    let gathered = gather(backend, tables, &keyring, &head_keys, true)?.counted_by(&sealed_head)?;
    let mut state = State {
        head: sealed_head,
        rows: OrdMap::new(),
        entries: OrdSet::new(),
        counts: OrdMap::new(),
        keyring,
    };
    for chunk in gathered.chunks {
        for (key, row) in chunk.rows {
            state.count_more(&key);
            if tables.get(key.table().0).is_some_and(|spec| spec.resident) {
                state.rows.insert(key, row);
            }
        }
        state.entries.extend(chunk.entries);
    }
    Ok(Loaded {
        state,
        head_keys,
        root,
        created: false,
    })
}

/// What the rows of an open store add up to, once that agrees with the head that is in it.
pub(crate) fn verify(backend: &mut dyn Backend, shared: &Shared) -> Result<Head, OpenError> {
    let keyring = shared.published.load().keyring.clone();
    let first = first_rows(backend)?.ok_or(OpenError::RolledBack)?;
    let sealed_head = first.head(&shared.head_keys)?;
    gather(backend, &shared.tables, &keyring, &shared.head_keys, false)?.counted_by(&sealed_head)?;
    Ok(sealed_head)
}

fn create(
    backend: &mut dyn Backend,
    root: Box<dyn RootSource + '_>,
    entropy: &dyn Entropy,
) -> Result<Loaded, OpenError> {
    let (root, parameters) = root.root_key(None, entropy).map_err(OpenError::NoRootKey)?;
    let (made, head_keys) =
        keyring::new_domain(&root, entropy, Domain::Installation, None).map_err(OpenError::Seal)?;
    let mut keyring = Keyring::default();
    keyring.add(made.domain, made.keys.clone());
    let mut state = State {
        head: Head {
            revision: 1,
            ..Head::default()
        },
        rows: OrdMap::new(),
        entries: OrdSet::new(),
        counts: OrdMap::new(),
        keyring: Arc::new(keyring),
    };
    let mut value = vec![META_FORMAT];
    value.extend_from_slice(&parameters);
    let rows = [(made.row, made.value), (root_parameters_row(), value.into())];
    for (key, value) in rows {
        state.head.add(&head_keys.hash, &key, 1, &value);
        state.count_more(&key);
        state.rows.insert(key, StoredRow { revision: 1, value });
    }
    let head = StoredRow {
        revision: 1,
        value: state.head.seal(&head_keys, entropy).map_err(OpenError::Seal)?,
    };
    let mut group = Group {
        rows: vec![(head_row(), Some(head))],
    };
    let all = state
        .rows
        .iter()
        .map(|(key, row)| (key.clone(), Some(row.clone())));
    group.rows.extend(all);
    backend.commit(&group).map_err(|failure| match failure {
        // Nothing was promised yet: the next start finds all of it, or begins again.
        CommitFailure::Refused(error) | CommitFailure::Broken(error) | CommitFailure::Unknown(error) => {
            OpenError::Backend(error)
        }
    })?;
    Ok(Loaded {
        state,
        head_keys,
        root,
        created: true,
    })
}

fn root_parameters_row() -> RowKey {
    RowKey::new(META, Domain::Installation, b"root")
}

/// The rows that lead to all others: head, domain keys, and what the store says of itself.
struct FirstRows(Vec<(RowKey, StoredRow)>);

/// `None` where there is no row at all.
fn first_rows(backend: &mut dyn Backend) -> Result<Option<FirstRows>, OpenError> {
    let mut rows = Vec::new();
    let mut odd = false;
    backend.load(
        &[],
        Some(&[OUTBOX.0]),
        &mut |key, revision, value| match RowKey::from_bytes(key) {
            Some(key) => rows.push((
                key,
                StoredRow {
                    revision,
                    value: value.into(),
                },
            )),
            None => odd = true,
        },
    )?;
    if odd {
        return Err(damaged("a row has no key"));
    }
    if !rows.is_empty() {
        return Ok(Some(FirstRows(rows)));
    }
    let mut others = false;
    backend.load(&[OUTBOX.0], None, &mut |_, _, _| others = true)?;
    if others {
        Err(OpenError::RolledBack)
    } else {
        Ok(None)
    }
}

impl FirstRows {
    fn domain_keys(&self) -> impl Iterator<Item = (&RowKey, &[u8])> {
        let rows = self.0.iter().filter(|(key, _)| key.table() == DOMAIN_KEYS);
        rows.map(|(key, row)| (key, row.value.as_ref()))
    }

    fn value(&self, wanted: &RowKey) -> Option<&[u8]> {
        let found = self.0.iter().find(|(key, _)| key == wanted);
        found.map(|(_, row)| row.value.as_ref())
    }

    fn root_parameters(&self) -> Result<&[u8], OpenError> {
        let value = self.value(&root_parameters_row()).ok_or(OpenError::RolledBack)?;
        match value.split_first() {
            Some((&META_FORMAT, parameters)) => Ok(parameters),
            Some((later, _)) if *later > META_FORMAT => Err(newer("root key parameters of a later format")),
            _ => Err(damaged("the root key's parameters are of no known form")),
        }
    }

    fn head(&self, keys: &HeadKeys) -> Result<Head, OpenError> {
        let value = self.value(&head_row()).ok_or(OpenError::RolledBack)?;
        Head::open(keys, value)
    }
}

fn newer(what: &str) -> OpenError {
    OpenError::NewerFormat {
        what: what.to_owned(),
    }
}

type Row = (RowKey, StoredRow);

/// Rows that were read together, in order, and the index entries that belong to them.
#[derive(Default)]
struct Chunk {
    place: usize,
    rows: Vec<Row>,
    entries: Vec<Entry>,
}

/// What was read and checked of a store.
#[derive(Default)]
struct Gathered {
    head: Head,
    chunks: Vec<Chunk>,
    /// What is wrong with some row, apart from whether it belongs there at all.
    wrong: Option<OpenError>,
}

impl Gathered {
    /// That these are the rows that the head counts, and then that each is in order: a row that does not open
    /// because it was swapped is to be told as swapped.
    fn counted_by(self, head: &Head) -> Result<Gathered, OpenError> {
        if !self.head.same_rows(head) {
            return Err(OpenError::RolledBack);
        }
        match self.wrong {
            Some(wrong) => Err(wrong),
            None => Ok(self),
        }
    }
}

/// Reads every row but the head. This thread reads, others hash and open what was read; the rows are kept only if
/// `keep` says so.
fn gather(
    backend: &mut dyn Backend,
    tables: &Tables,
    keyring: &Keyring,
    keys: &HeadKeys,
    keep: bool,
) -> Result<Gathered, OpenError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (full, work) = sync_channel::<Chunk>(2 * limits::LOAD_THREADS);
    let work = Mutex::new(work);
    let check = || check_chunks(&work, tables, keyring, keys, keep);
    let (read, checked) = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.clamp(1, limits::LOAD_THREADS))
            .map(|_| scope.spawn(check))
            .collect();
        let read = read_chunks(backend, full);
        let checked: Vec<_> = workers
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect();
        (read, checked)
    });
    read?;
    let mut all = Gathered::default();
    for part in checked {
        let part = part.map_err(|_| damaged("a row could not be checked"))?;
        all.head.merge(&part.head);
        all.chunks.extend(part.chunks);
        all.wrong = all.wrong.or(part.wrong);
    }
    all.chunks.sort_unstable_by_key(|chunk| chunk.place);
    Ok(all)
}

fn read_chunks(backend: &mut dyn Backend, full: SyncSender<Chunk>) -> Result<(), OpenError> {
    let mut chunk = Chunk::default();
    let head = head_row();
    let mut odd = false;
    let mut sent = true;
    backend.load(&[], None, &mut |key, revision, value| {
        if key == head.as_bytes() {
            return;
        }
        let Some(key) = RowKey::from_bytes(key) else {
            odd = true;
            return;
        };
        let value = value.into();
        chunk.rows.push((key, StoredRow { revision, value }));
        if chunk.rows.len() == limits::LOAD_CHUNK {
            let place = chunk.place + 1;
            let next = Chunk {
                place,
                rows: Vec::with_capacity(limits::LOAD_CHUNK),
                entries: Vec::new(),
            };
            sent &= full.send(std::mem::replace(&mut chunk, next)).is_ok();
        }
    })?;
    if odd {
        return Err(damaged("a row has no key"));
    }
    sent &= full.send(chunk).is_ok();
    // INVARIANT: the receiver outlives this thread's work; without one no row would have been checked.
    if sent {
        Ok(())
    } else {
        Err(damaged("the rows could not be checked"))
    }
}

fn check_chunks(
    work: &Mutex<Receiver<Chunk>>,
    tables: &Tables,
    keyring: &Keyring,
    keys: &HeadKeys,
    keep: bool,
) -> Gathered {
    let mut checked = Gathered::default();
    loop {
        let chunk = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(mut chunk) = chunk else {
            return checked;
        };
        for (key, row) in &chunk.rows {
            checked.head.add(&keys.hash, key, row.revision, &row.value);
        }
        if let Err(wrong) = check_chunk(&mut chunk, tables, keyring, keep) {
            checked.wrong.get_or_insert(wrong);
        }
        if keep {
            checked.chunks.push(chunk);
        }
    }
}

/// Sees that every row is of a known form, opens those that have index entries, and lets go of cold values.
fn check_chunk(chunk: &mut Chunk, tables: &Tables, keyring: &Keyring, keep: bool) -> Result<(), OpenError> {
    for (key, row) in &mut chunk.rows {
        let spec = tables.get(key.table().0).ok_or_else(|| OpenError::NewerFormat {
            what: format!("a table with the number {}", key.table().0),
        })?;
        let format = row.value.first().copied().unwrap_or_default();
        if format > spec.format {
            return Err(OpenError::NewerFormat {
                what: format!("{} of the format {format}", spec.name),
            });
        }
        if keep && spec.entries.is_some() {
            let entries = tables.index_entries(keyring, key, &row.value);
            let entries = entries.map_err(|error| damaged(&error.to_string()))?;
            chunk
                .entries
                .extend(entries.iter().map(|entry| Entry::new(key, entry)));
        }
        if keep && !spec.resident {
            // The key is kept, to be counted.
            row.value = Arc::from([]);
        }
    }
    Ok(())
}
