//! The disk, step by step.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use super::image::{Image, PAGE};
use super::log::{Log, Record};
use super::pending::Pending;
use super::tree::{Node, Tree};
use crate::Step;
use crate::dice::Dice;
use crate::format::{self, Operation};

/// What becomes of all that is not durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// All of it is there: not the machine stopped, but the program.
    Nothing,
    /// None of it is there.
    Everything,
    /// Some of it: by the seed, each file's data is there, or not, or torn in sectors of 512 or 4096 bytes, and each
    /// directory has seen some of its changes.
    Torn {
        /// Equal seeds lose the same.
        seed: u64,
    },
}

/// The state of the disk after some step of a log.
pub struct Replay<'a> {
    log: &'a Log,
    done: usize,
    inodes: Vec<Inode<'a>>,
    open: HashMap<i32, Handle>,
    changes: Vec<NameChange>,
    ignores: Box<dyn Fn(&Step) -> bool + 'a>,
}

type Id = usize;
const ROOT: Id = 0;

struct Inode<'a> {
    mode: u32,
    body: Body<'a>,
}

enum Body<'a> {
    Directory {
        durable: Entries,
        now: Entries,
    },
    File {
        durable: Arc<Image>,
        pending: Pending<'a>,
    },
}

type Entries = BTreeMap<String, Id>;

#[derive(Clone, Copy)]
struct Handle {
    id: Id,
    /// Opened so that each write is durable when it returns.
    durable_writes: bool,
}

/// Entries that go and come in one step, which is whole or not at all.
#[derive(Clone)]
struct NameChange {
    sequence: u64,
    gone: Option<(Id, String)>,
    come: Option<(Id, String, Id)>,
}

impl NameChange {
    fn directories(&self) -> impl Iterator<Item = Id> {
        let gone = self.gone.iter().map(|(directory, _)| *directory);
        gone.chain(self.come.iter().map(|(directory, ..)| *directory))
    }

    fn apply(&self, mut entries: impl FnMut(Id, &mut dyn FnMut(&mut Entries))) {
        if let Some((directory, name)) = &self.gone {
            entries(*directory, &mut |entries| {
                entries.remove(name);
            });
        }
        if let Some((directory, name, id)) = &self.come {
            entries(*directory, &mut |entries| {
                entries.insert(name.clone(), *id);
            });
        }
    }
}

impl<'a> Replay<'a> {
    pub(crate) fn of(log: &'a Log) -> Replay<'a> {
        let mut replay = Replay {
            log,
            done: 0,
            inodes: vec![directory(0o755)],
            open: HashMap::new(),
            changes: Vec::new(),
            ignores: Box::new(|_| false),
        };
        for (place, node) in &log.base.nodes {
            let id = replay.inodes.len();
            replay.inodes.push(match &node.content {
                None => directory(node.mode),
                Some(image) => Inode {
                    mode: node.mode,
                    body: Body::File {
                        durable: Arc::clone(image),
                        pending: Pending::default(),
                    },
                },
            });
            // Parents come before what they hold, in the order of paths.
            if let Some((parent, name)) = replay.parent(place)
                && let Some(Body::Directory { durable, now }) =
                    replay.inodes.get_mut(parent).map(|i| &mut i.body)
            {
                durable.insert(name.to_owned(), id);
                now.insert(name.to_owned(), id);
            }
        }
        replay
    }

    /// Takes flushes for which `ignored` says true as if they had not been called: a planted fault, without running the
    /// program again.
    pub fn without_flushes(mut self, ignored: impl Fn(&Step) -> bool + 'a) -> Replay<'a> {
        self.ignores = Box::new(ignored);
        self
    }

    /// Goes on until the step with this sequence number is done. An error if a step can't be explained by those before.
    pub fn advance(&mut self, sequence: u64) -> io::Result<()> {
        let log = self.log;
        while let Some(record) = log.records.get(self.done) {
            if record.header.sequence > sequence {
                break;
            }
            let ignored = log
                .steps()
                .get(self.done)
                .is_some_and(|step| (self.ignores)(step));
            if self.step(record, ignored).is_none() {
                let (header, path) = (&record.header, &record.path);
                return Err(io::Error::other(format!(
                    "step {} ({:?} of descriptor {} or path {path:?}) does not follow from those before: \
                     some call was not recorded",
                    header.sequence, header.operation, header.fd
                )));
            }
            self.done += 1;
        }
        Ok(())
    }

    /// The directory as a power cut now leaves it. The replay itself goes on as if there had been none.
    pub fn power_cut(&self, loss: Loss) -> Tree {
        let entries = self.surviving_entries(loss);
        let mut tree = Tree::default();
        let mut left = vec![(ROOT, String::new())];
        while let Some((directory, prefix)) = left.pop() {
            for (name, &id) in entries.get(directory).into_iter().flatten() {
                let Some(inode) = self.inodes.get(id) else {
                    continue;
                };
                let place = format!("{prefix}{name}");
                let content = match &inode.body {
                    Body::Directory { .. } => {
                        left.push((id, format!("{place}/")));
                        None
                    }
                    Body::File { durable, pending } => Some(surviving_data(loss, id, durable, pending)),
                };
                let mode = inode.mode;
                tree.nodes.insert(place, Node { mode, content });
            }
        }
        tree
    }

    /// For each inode that is a directory what it holds after the cut.
    fn surviving_entries(&self, loss: Loss) -> Vec<Entries> {
        let entries_of = |inode: &Inode<'_>| match &inode.body {
            Body::Directory { now, .. } if loss == Loss::Nothing => now.clone(),
            Body::Directory { durable, .. } => durable.clone(),
            Body::File { .. } => Entries::new(),
        };
        let mut entries: Vec<Entries> = self.inodes.iter().map(entries_of).collect();
        let Loss::Torn { seed } = loss else {
            return entries;
        };
        let mut counts: HashMap<Id, usize> = HashMap::new();
        for directory in self.changes.iter().flat_map(NameChange::directories) {
            *counts.entry(directory).or_default() += 1;
        }
        // How many changes each directory has still to see; after that it sees none.
        let mut left: HashMap<Id, usize> = counts
            .into_iter()
            .map(|(directory, count)| (directory, Dice::new(seed, !(directory as u64)).between(0, count)))
            .collect();
        for change in &self.changes {
            let seen = change
                .directories()
                .all(|directory| left.get(&directory).is_some_and(|left| *left > 0));
            for directory in change.directories() {
                let left = left.entry(directory).or_default();
                *left = if seen { left.saturating_sub(1) } else { 0 };
            }
            if seen {
                change.apply(|directory, act| {
                    if let Some(entries) = entries.get_mut(directory) {
                        act(entries);
                    }
                });
            }
        }
        entries
    }

    /// `None` if it can't be explained.
    fn step(&mut self, record: &'a Record, ignored: bool) -> Option<()> {
        let header = &record.header;
        let [first, second, third] = header.numbers;
        let sequence = header.sequence;
        match header.operation {
            Operation::Start => self.open.clear(),
            Operation::Open => {
                let id = self.find(&record.path)?;
                self.open_as(header.fd, id, first as i32);
                self.cut_on_open(sequence, id, first as i32);
            }
            Operation::Create => {
                let id = self.new_inode(Inode {
                    mode: third as u32,
                    body: Body::File {
                        durable: Arc::default(),
                        pending: Pending::default(),
                    },
                });
                self.add(sequence, &record.path, id)?;
                self.open_as(header.fd, id, first as i32);
            }
            Operation::Duplicate => {
                let handle = *self.open.get(&(first as i32))?;
                self.open.insert(header.fd, handle);
            }
            Operation::Close => {
                self.open.remove(&header.fd)?;
            }
            Operation::Write => {
                let handle = *self.open.get(&header.fd)?;
                let data = self.log.bytes.get(record.data.clone())?;
                let (durable, pending) = self.file(handle.id)?;
                pending.write(sequence, first, data, durable);
                if handle.durable_writes {
                    pending.flush(sequence, Arc::make_mut(durable));
                }
            }
            Operation::Resize => {
                let id = self.target(record)?;
                let (durable, pending) = self.file(id)?;
                pending.resize(sequence, first, durable);
            }
            Operation::Allocate => {
                let id = self.target(record)?;
                self.allocate(sequence, id, first as i32, second, third)?;
            }
            Operation::Flush | Operation::FlushData => {
                let id = self.open.get(&header.fd)?.id;
                if header.flags & format::DROPPED == 0 && !ignored {
                    self.flush(id, first, header.error == 0);
                }
            }
            Operation::FlushRange | Operation::Violation => {}
            Operation::Rename => self.rename(sequence, &record.path, &record.second)?,
            Operation::Unlink | Operation::RemoveDirectory => self.remove(sequence, &record.path)?,
            Operation::MakeDirectory => {
                let id = self.new_inode(directory(first as u32));
                self.add(sequence, &record.path, id)?;
            }
            Operation::Link => {
                let id = self.find(&record.path)?;
                self.add(sequence, &record.second, id)?;
            }
            Operation::Mode => {
                let id = self.target(record)?;
                self.inodes.get_mut(id)?.mode = first as u32;
            }
        }
        Some(())
    }

    fn open_as(&mut self, fd: i32, id: Id, flags: i32) {
        let durable_writes = flags & libc::O_DSYNC != 0;
        self.open.insert(fd, Handle { id, durable_writes });
    }

    fn cut_on_open(&mut self, sequence: u64, id: Id, flags: i32) {
        if flags & libc::O_TRUNC != 0
            && let Some((durable, pending)) = self.file(id)
        {
            pending.resize(sequence, 0, durable);
        }
    }

    fn allocate(&mut self, sequence: u64, id: Id, mode: i32, offset: u64, length: u64) -> Option<()> {
        let (durable, pending) = self.file(id)?;
        if mode & !(libc::FALLOC_FL_KEEP_SIZE | libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_ZERO_RANGE) != 0
        {
            return None;
        }
        if mode & (libc::FALLOC_FL_PUNCH_HOLE | libc::FALLOC_FL_ZERO_RANGE) != 0 {
            pending.zero(sequence, offset, length, durable);
        }
        let end = offset.checked_add(length)?;
        if mode & libc::FALLOC_FL_KEEP_SIZE == 0 && end > pending.size(durable) {
            pending.resize(sequence, end, durable);
        }
        Some(())
    }

    fn flush(&mut self, id: Id, until: u64, succeeded: bool) {
        if let Some((durable, pending)) = self.file(id) {
            if !succeeded {
                pending.doubt(until);
            } else if !pending.is_empty() {
                pending.flush(until, Arc::make_mut(durable));
            }
        } else if succeeded {
            self.flush_names(id, until);
        }
    }

    /// Makes durable what happened to a directory, and whatever happened before it in the directories it shared a
    /// rename with.
    fn flush_names(&mut self, directory: Id, until: u64) {
        let mut covered = vec![directory];
        let mut chosen = vec![false; self.changes.len()];
        for (change, chosen) in self.changes.iter().zip(&mut chosen).rev() {
            if change.sequence <= until && change.directories().any(|directory| covered.contains(&directory))
            {
                covered.extend(change.directories());
                *chosen = true;
            }
        }
        let mut left = Vec::new();
        for (change, chosen) in std::mem::take(&mut self.changes).into_iter().zip(chosen) {
            if !chosen {
                left.push(change);
                continue;
            }
            change.apply(|directory, act| {
                if let Some(Body::Directory { durable, .. }) =
                    self.inodes.get_mut(directory).map(|i| &mut i.body)
                {
                    act(durable);
                }
            });
        }
        self.changes = left;
    }

    fn rename(&mut self, sequence: u64, from: &str, to: &str) -> Option<()> {
        let id = self.find(from)?;
        if self.find(to) == Some(id) {
            return Some(()); // Two names of one file: the call does nothing.
        }
        let owned = |(directory, name): (Id, &str)| (directory, name.to_owned());
        let gone = owned(self.parent(from)?);
        let (directory, name) = owned(self.parent(to)?);
        self.change(sequence, Some(gone), Some((directory, name, id)));
        Some(())
    }

    fn remove(&mut self, sequence: u64, path: &str) -> Option<()> {
        self.find(path)?;
        let (directory, name) = self.parent(path)?;
        let name = name.to_owned();
        self.change(sequence, Some((directory, name)), None);
        Some(())
    }

    fn add(&mut self, sequence: u64, path: &str, id: Id) -> Option<()> {
        if self.find(path).is_some() {
            return None;
        }
        let (directory, name) = self.parent(path)?;
        let name = name.to_owned();
        self.change(sequence, None, Some((directory, name, id)));
        Some(())
    }

    fn change(&mut self, sequence: u64, gone: Option<(Id, String)>, come: Option<(Id, String, Id)>) {
        let change = NameChange { sequence, gone, come };
        change.apply(|directory, act| {
            if let Some(Body::Directory { now, .. }) = self.inodes.get_mut(directory).map(|i| &mut i.body) {
                act(now);
            }
        });
        self.changes.push(change);
    }

    fn new_inode(&mut self, inode: Inode<'a>) -> Id {
        self.inodes.push(inode);
        self.inodes.len() - 1
    }

    fn file(&mut self, id: Id) -> Option<(&mut Arc<Image>, &mut Pending<'a>)> {
        match &mut self.inodes.get_mut(id)?.body {
            Body::File { durable, pending } => Some((durable, pending)),
            Body::Directory { .. } => None,
        }
    }

    /// What a record is about that has a descriptor or a path.
    fn target(&self, record: &Record) -> Option<Id> {
        if record.header.fd >= 0 {
            Some(self.open.get(&record.header.fd)?.id)
        } else {
            self.find(&record.path)
        }
    }

    fn find(&self, path: &str) -> Option<Id> {
        let mut id = ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Body::Directory { now, .. } = &self.inodes.get(id)?.body else {
                return None;
            };
            id = *now.get(name)?;
        }
        Some(id)
    }

    fn parent<'p>(&self, path: &'p str) -> Option<(Id, &'p str)> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        Some((self.find(parent)?, name))
    }
}

fn directory(mode: u32) -> Inode<'static> {
    Inode {
        mode,
        body: Body::Directory {
            durable: Entries::new(),
            now: Entries::new(),
        },
    }
}

fn surviving_data(loss: Loss, id: Id, durable: &Arc<Image>, pending: &Pending<'_>) -> Arc<Image> {
    if pending.is_empty() {
        return Arc::clone(durable);
    }
    match loss {
        Loss::Nothing => Arc::new(pending.all(durable)),
        Loss::Everything => Arc::clone(durable),
        Loss::Torn { seed } => {
            let mut dice = Dice::new(seed, id as u64);
            match dice.between(0, 3) {
                0 => Arc::clone(durable),
                1 => Arc::new(pending.all(durable)),
                2 => Arc::new(pending.torn(durable, 512, &mut dice)),
                _ => Arc::new(pending.torn(durable, PAGE, &mut dice)),
            }
        }
    }
}
