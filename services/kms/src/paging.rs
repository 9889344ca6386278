//! Pages of lists, and the markers that lead from one to the next.
//!
//! A marker is sealed, and bound to its account, Region, operation and arguments: what was altered, or belongs to
//! another call, does not open. It holds where the page ended rather than a count, so entries that come or go between
//! two calls neither repeat nor hide others. Source: KMS API Reference, `Marker`, `Truncated`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::View;
use model::Shape;
use store::Purpose;

use crate::KmsError;
use crate::wire::Marker;

/// How many entries the caller wants at most.
#[derive(Debug, Clone, Copy, Shape)]
#[shape(transparent, range = 1..=1000)]
pub struct Limit(i32);

/// How many entries an operation gives.
#[derive(Debug, Clone, Copy)]
pub struct PageSize {
    /// Unless the caller says otherwise.
    pub usual: usize,
    /// Whatever the caller says; the model's own limit of 1000 is often more.
    pub most: usize,
}

impl PageSize {
    /// How many entries a page has that is asked for with `limit`.
    pub fn of(self, limit: Option<Limit>) -> Result<usize, KmsError> {
        let Some(Limit(limit)) = limit else {
            return Ok(self.usual);
        };
        // INVARIANT: the model admits 1 to 1000.
        let wanted = usize::try_from(limit).unwrap_or(self.most);
        if wanted > self.most {
            return Err(KmsError::Validation(format!(
                "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must \
                 have value less than or equal to {}",
                self.most
            )));
        }
        Ok(wanted)
    }
}

/// The markers of one list.
#[derive(Debug)]
pub struct Markers<'v> {
    view: &'v View,
    bound_to: Vec<&'v [u8]>,
}

impl<'v> Markers<'v> {
    /// The markers of `operation` with these arguments.
    pub fn of(view: &'v View, operation: &'static str, arguments: &[&'v [u8]]) -> Markers<'v> {
        let mut bound_to = vec![operation.as_bytes()];
        bound_to.extend_from_slice(arguments);
        Markers { view, bound_to }
    }

    /// Where the page before ended, as [`Page::cut`] was told; `None` for the first page.
    pub fn open(&self, marker: Option<&Marker>) -> Result<Option<Vec<u8>>, KmsError> {
        let Some(Marker(text)) = marker else {
            return Ok(None);
        };
        let sealed = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| KmsError::InvalidMarker)?;
        let snapshot = self.view.store().snapshot();
        let opened = snapshot.open(self.view.domain(), Purpose::Marker, &self.bound_to, &sealed);
        let end = opened.map_err(|_| KmsError::InvalidMarker)?;
        Ok(Some(end.expose().to_vec()))
    }

    fn seal(&self, end: &[u8]) -> Result<Marker, KmsError> {
        let snapshot = self.view.store().snapshot();
        let sealed = snapshot.seal(self.view.domain(), Purpose::Marker, &self.bound_to, end)?;
        Ok(Marker(URL_SAFE_NO_PAD.encode(sealed)))
    }
}

/// One page.
#[derive(Debug)]
pub struct Page<T> {
    /// Its entries.
    pub entries: Vec<T>,
    /// The marker of the next page, if there is one.
    pub next: Option<Marker>,
}

impl<T> Page<T> {
    /// Cuts `size` entries off `entries`, of which there is at least one more if there is a next page. `end` tells
    /// where an entry stands.
    pub fn cut(
        mut entries: Vec<T>,
        size: usize,
        markers: &Markers<'_>,
        end: impl FnOnce(&T) -> Vec<u8>,
    ) -> Result<Page<T>, KmsError> {
        let more = entries.len() > size;
        entries.truncate(size);
        let next = match entries.last() {
            Some(last) if more => Some(markers.seal(&end(last))?),
            _ => None,
        };
        Ok(Page { entries, next })
    }

    /// The page with each of its entries turned into another, or left out.
    pub fn filter_map<U>(
        self,
        turn: impl FnMut(T) -> Result<Option<U>, KmsError>,
    ) -> Result<Page<U>, KmsError> {
        let entries = self.entries.into_iter().map(turn).filter_map(Result::transpose);
        Ok(Page {
            entries: entries.collect::<Result<Vec<U>, KmsError>>()?,
            next: self.next,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: PageSize = PageSize { usual: 50, most: 100 };

    #[test]
    fn a_page_has_its_usual_size_unless_another_is_asked_for() {
        assert_eq!(SIZE.of(None).unwrap(), 50);
        assert_eq!(SIZE.of(Some(Limit(1))).unwrap(), 1);
        assert_eq!(SIZE.of(Some(Limit(100))).unwrap(), 100);
    }

    #[test]
    fn a_page_beyond_the_operations_own_limit_is_refused_as_the_model_would() {
        let refused = SIZE.of(Some(Limit(101))).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "1 validation error detected: Value '101' at 'limit' failed to satisfy constraint: Member must have \
             value less than or equal to 100"
        );
    }
}
