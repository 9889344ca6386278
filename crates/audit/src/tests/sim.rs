//! A disk in memory that forgets what was not flushed, fails when told to, and can lose its power.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile};

const SECTOR: usize = 512;

/// What a step of the disk does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Create,
    Rename,
    Remove,
    FlushDir,
    Write,
    Flush,
}

/// Decides how each step ends; `None` lets it succeed.
pub(super) type Fault = Box<dyn FnMut(Op) -> Option<io::ErrorKind> + Send>;

#[derive(Default)]
struct Content {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<(usize, Vec<u8>)>,
}

#[derive(Default)]
struct World {
    files: HashMap<u64, Content>,
    names: BTreeMap<String, u64>,
    /// The directory after each change since it was flushed, oldest first.
    unflushed_names: Vec<BTreeMap<String, u64>>,
    durable_names: BTreeMap<String, u64>,
    steps: u64,
    cut_at: Option<u64>,
    fault: Option<Fault>,
    /// Flushes that only claim to have happened: every one whose number this divides.
    ignored_flushes: Option<u64>,
    flushes: u64,
}

/// The disk; clones are the same disk.
#[derive(Clone, Default)]
pub(super) struct SimDisk(Arc<Mutex<World>>);

struct SimFile {
    disk: SimDisk,
    id: u64,
}

impl SimDisk {
    fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Loses power in the step of this number, counted from now.
    pub(super) fn cut_power_at(&self, step: u64) {
        let mut world = self.world();
        world.cut_at = Some(world.steps + step);
    }

    pub(super) fn has_lost_power(&self) -> bool {
        let world = self.world();
        world.cut_at.is_some_and(|at| world.steps >= at)
    }

    pub(super) fn fail_with(&self, fault: Option<Fault>) {
        self.world().fault = fault;
    }

    /// Lets every `every`th flush only claim to have happened.
    pub(super) fn ignore_flushes(&self, every: u64) {
        self.world().ignored_flushes = Some(every);
    }

    /// The disk as it is found when power is back: of what was not flushed, a part that `seed` decides.
    pub(super) fn after_power_cut(&self, seed: u64) -> SimDisk {
        let world = self.world();
        let mut dice = Dice(seed);
        let mut states = vec![&world.durable_names];
        states.extend(&world.unflushed_names);
        let names = states[dice.below(states.len())].clone();
        let files = names.values().map(|id| {
            let content = &world.files[id];
            let mut bytes = content.durable.clone();
            for (offset, written) in &content.pending {
                // Sectors lie at multiples of their size in the file, not in the write.
                let (mut at, end) = (*offset, offset + written.len());
                while at < end {
                    let next = ((at / SECTOR + 1) * SECTOR).min(end);
                    if dice.below(2) == 0 {
                        put(&mut bytes, at, &written[at - offset..next - offset]);
                    }
                    at = next;
                }
            }
            let content = Content {
                live: bytes.clone(),
                durable: bytes,
                pending: Vec::new(),
            };
            (*id, content)
        });
        let again = World {
            files: files.collect(),
            durable_names: names.clone(),
            names,
            ..World::default()
        };
        SimDisk(Arc::new(Mutex::new(again)))
    }

    /// The bytes of a file as programs see them.
    pub(super) fn bytes(&self, name: &str) -> Vec<u8> {
        let world = self.world();
        world.files[&world.names[name]].live.clone()
    }

    /// Puts a file there, durably.
    pub(super) fn plant(&self, name: &str, bytes: Vec<u8>) {
        let mut world = self.world();
        let id = fresh(&world);
        let content = Content {
            live: bytes.clone(),
            durable: bytes,
            pending: Vec::new(),
        };
        world.files.insert(id, content);
        world.names.insert(name.to_owned(), id);
        world.durable_names.insert(name.to_owned(), id);
    }
}

fn fresh(world: &World) -> u64 {
    world.files.keys().max().map_or(1, |last| last + 1)
}

fn put(bytes: &mut Vec<u8>, at: usize, written: &[u8]) {
    if bytes.len() < at + written.len() {
        bytes.resize(at + written.len(), 0);
    }
    bytes[at..at + written.len()].copy_from_slice(written);
}

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

impl World {
    fn step(&mut self, op: Op) -> io::Result<()> {
        if self.cut_at.is_some_and(|at| self.steps >= at) {
            return Err(io::Error::other("no power"));
        }
        self.steps += 1;
        if self.cut_at.is_some_and(|at| self.steps >= at) {
            return Err(io::Error::other("the power went"));
        }
        match self.fault.as_mut().and_then(|fault| fault(op)) {
            Some(kind) => Err(kind.into()),
            None => Ok(()),
        }
    }

    fn ignores_this_flush(&mut self) -> bool {
        self.flushes += 1;
        self.ignored_flushes
            .is_some_and(|every| self.flushes.is_multiple_of(every))
    }

    fn note_names(&mut self) {
        let names = self.names.clone();
        self.unflushed_names.push(names);
    }

    fn id(&self, name: &str) -> io::Result<u64> {
        self.names
            .get(name)
            .copied()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for SimDisk {
    fn dir(&self) -> &Path {
        Path::new("sim")
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.world().names.keys().cloned().collect())
    }

    fn open(&self, name: &str, _: bool) -> io::Result<Arc<dyn DiskFile>> {
        let id = self.world().id(name)?;
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            id,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world();
        world.step(Op::Create)?;
        let id = fresh(&world);
        world.files.insert(id, Content::default());
        world.names.insert(name.to_owned(), id);
        world.note_names();
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            id,
        }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world();
        world.step(Op::Rename)?;
        let id = world.id(from)?;
        world.names.remove(from);
        world.names.insert(to.to_owned(), id);
        world.note_names();
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut world = self.world();
        world.step(Op::Remove)?;
        world.id(name)?;
        world.names.remove(name);
        world.note_names();
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        let mut world = self.world();
        world.step(Op::FlushDir)?;
        if !world.ignores_this_flush() {
            world.unflushed_names.clear();
            world.durable_names = world.names.clone();
        }
        Ok(())
    }
}

impl SimFile {
    fn with<T>(&self, act: impl FnOnce(&mut World, u64) -> T) -> T {
        act(&mut self.disk.world(), self.id)
    }
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        self.with(|world, id| Ok(world.files[&id].live.len() as u64))
    }

    fn identity(&self) -> io::Result<u64> {
        Ok(self.id)
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|world, id| {
            let live = &world.files[&id].live;
            let rest = &live[(offset as usize).min(live.len())..];
            let read = rest.len().min(bytes.len());
            bytes[..read].copy_from_slice(&rest[..read]);
            Ok(read)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with(|world, id| {
            let outcome = world.step(Op::Write);
            let content = world.files.get_mut(&id).unwrap();
            // A write that failed may have happened all the same, in part or whole.
            put(&mut content.live, offset as usize, bytes);
            content.pending.push((offset as usize, bytes.to_vec()));
            outcome
        })
    }

    fn flush(&self) -> io::Result<()> {
        self.with(|world, id| {
            let outcome = world.step(Op::Flush);
            let ignored = world.ignores_this_flush();
            let content = world.files.get_mut(&id).unwrap();
            match &outcome {
                Ok(()) if ignored => {}
                Ok(()) => {
                    let pending = std::mem::take(&mut content.pending);
                    for (at, written) in pending {
                        put(&mut content.durable, at, &written);
                    }
                }
                // The kernel forgets what it could not write: programs see it, the disk never gets it. A cut of
                // power leaves it open what arrived.
                Err(cause) if cause.kind() != io::ErrorKind::Other => content.pending.clear(),
                Err(_) => {}
            }
            outcome
        })
    }
}
