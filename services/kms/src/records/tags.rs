//! The tags of a key, in the order in which their keys were first set.

use minicbor::{Decode, Encode};

/// The tags of a key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct Tags {
    #[n(0)]
    entries: Vec<TagEntry>,
    /// How many were ever added: the number of the next.
    #[n(1)]
    added: u32,
}

/// One tag.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode)]
#[cbor(map)]
pub struct TagEntry {
    /// 1 to 128 characters.
    #[n(0)]
    pub key: String,
    /// 0 to 256 characters.
    #[n(1)]
    pub value: String,
    /// Its place in the order, kept when its value changes and never given to another tag: lists go on from it.
    #[n(2)]
    pub number: u32,
}

impl Tags {
    /// Sets one tag: over the one of that key if there is one, else behind all others.
    pub fn set(&mut self, key: &str, value: &str) {
        match self.entries.iter_mut().find(|entry| entry.key == key) {
            Some(entry) => value.clone_into(&mut entry.value),
            None => {
                self.entries.push(TagEntry {
                    key: key.to_owned(),
                    value: value.to_owned(),
                    number: self.added,
                });
                self.added = self.added.saturating_add(1);
            }
        }
    }

    /// Removes the tag of this key, if there is one.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|entry| entry.key != key);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// Those behind the tag `after`, or all.
    pub fn behind(&self, after: Option<u32>) -> impl Iterator<Item = &TagEntry> {
        let behind = move |entry: &&TagEntry| after.is_none_or(|after| entry.number > after);
        self.entries.iter().filter(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(tags: &Tags, after: Option<u32>) -> Vec<(&str, &str)> {
        let entries = tags.behind(after);
        entries
            .map(|entry| (entry.key.as_str(), entry.value.as_str()))
            .collect()
    }

    #[test]
    fn tags_stay_in_the_order_in_which_they_were_first_set() {
        let mut tags = Tags::default();
        for (key, value) in [("z", "1"), ("a", "2"), ("z", "3"), ("Z", "4")] {
            tags.set(key, value);
        }
        assert_eq!(listed(&tags, None), [("z", "3"), ("a", "2"), ("Z", "4")]);
        assert_eq!(tags.count(), 3);
    }

    #[test]
    fn a_list_goes_on_behind_a_tag_that_was_removed_and_set_again_meanwhile() {
        let mut tags = Tags::default();
        for key in ["a", "b", "c"] {
            tags.set(key, "");
        }
        let last = tags.behind(None).nth(2).map(|entry| entry.number);
        tags.remove("c");
        tags.set("d", "");
        tags.set("c", "");
        assert_eq!(listed(&tags, last), [("d", ""), ("c", "")]);
    }
}
