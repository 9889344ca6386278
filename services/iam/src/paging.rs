//! Pages of lists, and the markers that lead from one to the next.
//!
//! A marker is sealed, and bound to its account, operation and arguments. It holds where the page ended, so entries that come
//! or go between two calls neither repeat nor hide others. Source: IAM API Reference, `MaxItems`, `Marker`, `IsTruncated`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::View;
use model::Shape;
use store::{Domain, Purpose, Table};

use crate::IamError;

/// How many entries the caller wants at most.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 1..=1000)]
pub struct MaxItems(i32);

/// Where a list goes on.
#[derive(Debug, Clone, Shape)]
#[shape(transparent, length = 1..=320, pattern = "[\\u0020-\\u00FF]+")]
pub struct Marker(String);

/// Entries of a page, unless the caller says otherwise.
const USUAL: usize = 100;

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// Its entries.
    pub entries: Vec<T>,
    /// The marker of the next page, if there is one.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// The page with each of its entries turned into another.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page {
            entries: self.entries.into_iter().map(turn).collect(),
            next: self.next,
        }
    }
}

/// How a list is cut into pages.
#[derive(Debug)]
pub struct Paging<'v> {
    view: &'v View,
    bound_to: Vec<&'v [u8]>,
    size: usize,
    after: Option<Vec<u8>>,
}

impl<'v> Paging<'v> {
    /// The pages of `operation` with these arguments, from a marker on.
    pub fn of(
        view: &'v View,
        operation: &'static str,
        arguments: &[&'v [u8]],
        wanted: Option<MaxItems>,
        marker: Option<&Marker>,
    ) -> Result<Paging<'v>, IamError> {
        let mut bound_to = vec![operation.as_bytes()];
        bound_to.extend_from_slice(arguments);
        // INVARIANT: the model admits 1 to 1000.
        let size = wanted.map_or(USUAL, |MaxItems(wanted)| usize::try_from(wanted).unwrap_or(USUAL));
        let after = match marker {
            None => None,
            Some(Marker(text)) => Some(open(view, &bound_to, text)?),
        };
        Ok(Paging {
            view,
            bound_to,
            size,
            after,
        })
    }

    /// The same, with so many entries on a page at the most, and one at the least.
    pub fn of_at_most(self, most: usize) -> Paging<'v> {
        Paging {
            size: self.size.min(most.max(1)),
            ..self
        }
    }

    /// Behind what the page begins.
    pub fn after(&self) -> Option<&[u8]> {
        self.after.as_deref()
    }

    /// How many entries have to be found: one more than are given tells whether there is a next page.
    pub fn enough(&self) -> usize {
        self.size + 1
    }

    /// Gathers enough for a page, in the order of an index: what `turn` makes of each record, with where it stands. Those of
    /// which it makes nothing are passed over.
    pub fn gather<T: Table, U>(
        &self,
        domain: Domain,
        index: u8,
        turn: impl FnMut(&T::Record) -> Result<Option<U>, IamError>,
    ) -> Result<Vec<(Vec<u8>, U)>, IamError> {
        self.gather_from::<T, U>(domain, index, self.after.clone(), self.enough(), turn)
    }

    /// As [`Paging::gather`], so many and from another place on: for lists that go through several tables.
    pub fn gather_from<T: Table, U>(
        &self,
        domain: Domain,
        index: u8,
        mut after: Option<Vec<u8>>,
        enough: usize,
        mut turn: impl FnMut(&T::Record) -> Result<Option<U>, IamError>,
    ) -> Result<Vec<(Vec<u8>, U)>, IamError> {
        let store = self.view.store();
        let mut found = Vec::new();
        while found.len() < enough {
            let rows = store.index::<T>(domain, index, b"", after.as_deref(), enough)?;
            let is_last = rows.len() < enough;
            for row in rows {
                after = Some(row.bytes.clone());
                let Some(record) = store.get_row::<T>(&row.row)? else {
                    continue;
                };
                if let Some(made) = turn(&record)? {
                    found.push((row.bytes, made));
                }
            }
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Cuts a page off what was found. `end` tells where an entry stands.
    pub fn cut<T>(&self, mut entries: Vec<T>, end: impl FnOnce(&T) -> Vec<u8>) -> Result<Page<T>, IamError> {
        let more = entries.len() > self.size;
        entries.truncate(self.size);
        let next = match entries.last() {
            Some(last) if more => {
                let snapshot = self.view.store().snapshot();
                let sealed =
                    snapshot.seal(self.view.domain(), Purpose::Marker, &self.bound_to, &end(last))?;
                Some(URL_SAFE_NO_PAD.encode(sealed))
            }
            _ => None,
        };
        Ok(Page { entries, next })
    }
}

fn open(view: &View, bound_to: &[&[u8]], text: &str) -> Result<Vec<u8>, IamError> {
    let invalid = || IamError::Validation("Invalid Marker.".to_owned());
    let sealed = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let snapshot = view.store().snapshot();
    let opened = snapshot.open(view.domain(), Purpose::Marker, bound_to, &sealed);
    Ok(opened.map_err(|_| invalid())?.expose().to_vec())
}
