//! The domain keys of a store, unwrapped, and what is sealed under them.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use ambient::Entropy;
use arn::{AccountId, Place};
use crypto::root::{self, RootKey, UnwrapFailed};
use crypto::seal::{self, SealingKey};
use crypto::subkey::{DomainKey, HashKey, Label, NameKey};
use crypto::{SealFailed, Unopenable};
use secret::SecretBuffer;
use smallvec::SmallVec;

use crate::RowKey;
use crate::error::{OpenError, StoreError};
use crate::rowkey::{Domain, DomainId, TableId};
use crate::table::Kind;

/// The table of domain keys.
pub(crate) const DOMAIN_KEYS: TableId = TableId(1);
const FORMAT: u8 = 1;
const FIRST_VERSION: u32 = 1;

/// The keys of one domain: all versions of its domain key, the last of which seals.
pub(crate) struct DomainKeys {
    place: Option<Place>,
    /// Of the first version, since row keys must not change with the domain key.
    names: NameKey,
    versions: BTreeMap<u32, Subkeys>,
}

struct Subkeys {
    record: SealingKey,
    material: SealingKey,
    token: SealingKey,
    marker: SealingKey,
    package: SealingKey,
}

impl Subkeys {
    fn of(key: &DomainKey) -> Result<Subkeys, SealFailed> {
        Ok(Subkeys {
            record: key.sealing(Label::Record)?,
            material: key.sealing(Label::Material)?,
            token: key.sealing(Label::Token)?,
            marker: key.sealing(Label::Marker)?,
            package: key.sealing(Label::Package)?,
        })
    }

    fn of_purpose(&self, purpose: Purpose) -> &SealingKey {
        match purpose {
            Purpose::Token => &self.token,
            Purpose::Marker => &self.marker,
            Purpose::Package => &self.package,
        }
    }

    fn of_kind(&self, kind: Kind) -> &SealingKey {
        match kind {
            Kind::Secret => &self.material,
            Kind::Record | Kind::Bare => &self.record,
        }
    }
}

/// What else than rows is sealed under a domain's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Tokens handed to clients, such as import and grant tokens.
    Token,
    /// The markers of paginated lists.
    Marker,
    /// Key material on its way to the Region under whose keys it is sealed.
    Package,
}

impl DomainKeys {
    pub(crate) fn hash_name(&self, table: TableId, name: &[u8]) -> [u8; 32] {
        let mut text: SmallVec<[u8; 128]> = SmallVec::new();
        text.push(table.0);
        text.extend_from_slice(name);
        self.names.keyed_name(&text)
    }

    /// Seals what is to stand in the row `key`: the record's format, then the sealed bytes.
    pub(crate) fn seal_row(
        &self,
        entropy: &dyn Entropy,
        kind: Kind,
        key: &RowKey,
        format: u8,
        record: &[u8],
    ) -> Result<Arc<[u8]>, StoreError> {
        // INVARIANT: a domain has at least one version.
        let (_, subkeys) = self.versions.last_key_value().ok_or(StoreError::UnknownDomain)?;
        seal_value(subkeys.of_kind(kind), entropy, key, format, record).map_err(StoreError::Seal)
    }

    /// Opens what stands in the row `key`: the record's format and its bytes.
    pub(crate) fn open_row(
        &self,
        kind: Kind,
        key: &RowKey,
        value: &[u8],
    ) -> Result<(u8, SecretBuffer), Unopenable> {
        let (format, sealed) = value.split_first().ok_or(Unopenable)?;
        let version = seal::domain_key_version(sealed).ok_or(Unopenable)?;
        let subkeys = self.versions.get(&version).ok_or(Unopenable)?;
        let record = subkeys
            .of_kind(kind)
            .open(&[key.as_bytes(), &[*format]], sealed)?;
        Ok((*format, record))
    }

    pub(crate) fn seal(
        &self,
        entropy: &dyn Entropy,
        purpose: Purpose,
        aad: &[&[u8]],
        text: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let (_, subkeys) = self.versions.last_key_value().ok_or(StoreError::UnknownDomain)?;
        subkeys
            .of_purpose(purpose)
            .seal(entropy, aad, text)
            .map_err(StoreError::Seal)
    }

    pub(crate) fn open(
        &self,
        purpose: Purpose,
        aad: &[&[u8]],
        sealed: &[u8],
    ) -> Result<SecretBuffer, Unopenable> {
        let version = seal::domain_key_version(sealed).ok_or(Unopenable)?;
        let subkeys = self.versions.get(&version).ok_or(Unopenable)?;
        subkeys.of_purpose(purpose).open(aad, sealed)
    }
}

impl fmt::Debug for DomainKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "DomainKeys({:?}, {} versions)",
            self.place,
            self.versions.len()
        )
    }
}

/// A row's value: the format in the clear, then the record sealed to the row's key and the format.
pub(crate) fn seal_value(
    key: &SealingKey,
    entropy: &dyn Entropy,
    row: &RowKey,
    format: u8,
    record: &[u8],
) -> Result<Arc<[u8]>, SealFailed> {
    let sealed = key.seal(entropy, &[row.as_bytes(), &[format]], record)?;
    let mut value = Vec::with_capacity(1 + sealed.len());
    value.push(format);
    value.extend_from_slice(&sealed);
    Ok(value.into())
}

/// The keys of every domain.
#[derive(Clone, Default)]
pub(crate) struct Keyring {
    domains: BTreeMap<u32, Arc<DomainKeys>>,
    places: HashMap<Place, DomainId>,
}

impl Keyring {
    pub(crate) fn domain(&self, domain: Domain) -> Result<&DomainKeys, StoreError> {
        self.domains
            .get(&domain.number())
            .map(AsRef::as_ref)
            .ok_or(StoreError::UnknownDomain)
    }

    pub(crate) fn domain_of(&self, place: &Place) -> Option<Domain> {
        self.places.get(place).map(|id| Domain::Regional(*id))
    }

    pub(crate) fn places(&self) -> impl Iterator<Item = (Domain, &Place)> {
        self.domains
            .iter()
            .filter_map(|(number, keys)| Some((Domain::from_number(*number), keys.place.as_ref()?)))
    }

    /// The number that the next domain gets.
    pub(crate) fn next(&self) -> Option<DomainId> {
        let last = self.domains.last_key_value().map_or(0, |(number, _)| *number);
        last.checked_add(1).map(DomainId)
    }

    pub(crate) fn add(&mut self, domain: Domain, keys: Arc<DomainKeys>) {
        if let (Domain::Regional(id), Some(place)) = (domain, &keys.place) {
            self.places.insert(place.clone(), id);
        }
        self.domains.insert(domain.number(), keys);
    }
}

/// A domain that was just made: its keys, and the row that keeps its domain key.
#[derive(Clone)]
pub(crate) struct NewDomain {
    pub(crate) domain: Domain,
    pub(crate) keys: Arc<DomainKeys>,
    pub(crate) row: RowKey,
    pub(crate) value: Arc<[u8]>,
}

/// What the head is sealed and the rows are hashed with: the first version of the installation's domain key.
pub(crate) struct HeadKeys {
    pub(crate) seal: SealingKey,
    pub(crate) hash: HashKey,
}

impl HeadKeys {
    fn of(key: &DomainKey) -> Result<HeadKeys, SealFailed> {
        Ok(HeadKeys {
            seal: key.sealing(Label::Head)?,
            hash: key.row_hash()?,
        })
    }
}

/// Makes a domain with the first version of its key, wrapped by `root`.
pub(crate) fn new_domain(
    root: &RootKey,
    entropy: &dyn Entropy,
    domain: Domain,
    place: Option<&Place>,
) -> Result<(NewDomain, HeadKeys), SealFailed> {
    let key = DomainKey::generate(FIRST_VERSION, entropy)?;
    let row = row_of(domain, FIRST_VERSION);
    let mut value = vec![FORMAT];
    write_place(place, &mut value);
    let wrapped = root.wrap(entropy, &[row.as_bytes(), &value], key.key())?;
    value.extend_from_slice(&wrapped);
    let keys = DomainKeys {
        place: place.cloned(),
        names: key.names()?,
        versions: BTreeMap::from([(FIRST_VERSION, Subkeys::of(&key)?)]),
    };
    let head = HeadKeys::of(&key)?;
    let made = NewDomain {
        domain,
        keys: Arc::new(keys),
        row,
        value: value.into(),
    };
    Ok((made, head))
}

/// Unwraps every domain key. `rows` are those of the table of domain keys, in order.
pub(crate) fn unwrap_all<'a>(
    root: &RootKey,
    rows: impl Iterator<Item = (&'a RowKey, &'a [u8])>,
) -> Result<(Keyring, HeadKeys), OpenError> {
    let mut keyring = Keyring::default();
    let mut domains: BTreeMap<u32, DomainKeys> = BTreeMap::new();
    let mut head = None;
    for (row, value) in rows {
        let (place, key) = unwrap(root, row, value)?;
        let subkeys = Subkeys::of(&key).map_err(OpenError::Seal)?;
        if let Some(keys) = domains.get_mut(&row.domain().number()) {
            keys.versions.insert(key.version(), subkeys);
            continue;
        }
        if row.domain() == Domain::Installation {
            head = Some(HeadKeys::of(&key).map_err(OpenError::Seal)?);
        }
        let keys = DomainKeys {
            place,
            names: key.names().map_err(OpenError::Seal)?,
            versions: BTreeMap::from([(key.version(), subkeys)]),
        };
        domains.insert(row.domain().number(), keys);
    }
    for (number, keys) in domains {
        keyring.add(Domain::from_number(number), Arc::new(keys));
    }
    let head = head.ok_or_else(|| damaged("the installation's domain key is missing"))?;
    Ok((keyring, head))
}

fn unwrap(root: &RootKey, row: &RowKey, value: &[u8]) -> Result<(Option<Place>, DomainKey), OpenError> {
    match value.first() {
        Some(&FORMAT) => {}
        Some(later) if *later > FORMAT => {
            return Err(OpenError::NewerFormat {
                what: "domain keys of a later format".to_owned(),
            });
        }
        _ => return Err(damaged("a domain key is of no known format")),
    }
    let (described, wrapped) = value
        .len()
        .checked_sub(root::WRAPPED)
        .and_then(|at| value.split_at_checked(at))
        .ok_or_else(|| damaged("a domain key is cut short"))?;
    let version = row
        .name()
        .try_into()
        .map(u32::from_be_bytes)
        .map_err(|_| damaged("a domain key has no version"))?;
    let key = root
        .unwrap(&[row.as_bytes(), described], wrapped)
        .map_err(|failed| match failed {
            UnwrapFailed::WrongRootKey { wanted, given } => OpenError::WrongRootKey { wanted, given },
            UnwrapFailed::Damaged => damaged("a domain key can't be unwrapped"),
        })?;
    // The place was bound by the wrap, so from here on it is as it was written.
    let place = read_place(described).ok_or_else(|| damaged("a domain has no place"))?;
    Ok((place, DomainKey::new(version, key)))
}

fn row_of(domain: Domain, version: u32) -> RowKey {
    RowKey::new(DOMAIN_KEYS, domain, &version.to_be_bytes())
}

/// The account's number in eight bytes, then the Region's name; nothing for the installation itself.
fn write_place(place: Option<&Place>, out: &mut Vec<u8>) {
    if let Some(place) = place {
        out.extend_from_slice(&place.account.number().to_be_bytes());
        out.extend_from_slice(place.region.as_str().as_bytes());
    }
}

fn read_place(described: &[u8]) -> Option<Option<Place>> {
    let (_, place) = described.split_first()?;
    if place.is_empty() {
        return Some(None);
    }
    let (account, region) = place.split_first_chunk()?;
    Some(Some(Place {
        account: AccountId::from_number(u64::from_be_bytes(*account))?,
        region: std::str::from_utf8(region).ok()?.parse().ok()?,
    }))
}

pub(crate) fn damaged(what: &str) -> OpenError {
    OpenError::Damaged {
        what: what.to_owned(),
    }
}
