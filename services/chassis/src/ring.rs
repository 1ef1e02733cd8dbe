//! The keys of one kind, by owner and number. Two keys of an owner are held at the same time while the owner
//! changes from one to the other: the newest key makes, every key checks.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{self, Display},
    sync::{Arc, PoisonError, RwLock},
};

/// Whose key, and the number of the key. An owner's first key has the number 0; each next key has a higher
/// number. As text: `identity` for the number 0, `identity.2` for the number 2.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    /// The name of the process that owns the key.
    pub owner: String,
    /// The number of the key.
    pub number: u32,
}

impl KeyName {
    /// Reads a key's name; `None` where the text after the point is no number above 0.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, number) = match text.split_once('.') {
            None => (text, 0),
            Some((owner, number)) => {
                let parsed = number.parse().ok()?;
                // One key has one name: refuse `0`, `02` and `+2`.
                (owner, (parsed > 0 && u32::to_string(&parsed) == number).then_some(parsed)?)
            }
        };
        (!owner.is_empty()).then(|| Self { owner: owner.to_owned(), number })
    }
}

impl Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            0 => f.write_str(&self.owner),
            number => write!(f, "{}.{number}", self.owner),
        }
    }
}

type Numbered<K> = HashMap<String, BTreeMap<u32, Arc<K>>>;

/// The keys of one kind. Clones share the keys, which may be replaced while they are in use.
#[derive(Debug)]
pub struct Ring<K>(Arc<RwLock<Numbered<K>>>);

impl<K> Clone for Ring<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K> FromIterator<(KeyName, K)> for Ring<K> {
    fn from_iter<I: IntoIterator<Item = (KeyName, K)>>(keys: I) -> Self {
        Self(Arc::new(RwLock::new(by_owner(keys))))
    }
}

fn by_owner<K>(keys: impl IntoIterator<Item = (KeyName, K)>) -> Numbered<K> {
    let mut held = Numbered::new();
    for (name, key) in keys {
        held.entry(name.owner).or_default().insert(name.number, Arc::new(key));
    }
    held
}

impl<K> Ring<K> {
    /// The owner's key with the highest number, and that number; `None` where the owner has no key.
    #[must_use]
    pub fn newest(&self, owner: &str) -> Option<(u32, Arc<K>)> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.get(owner)?.last_key_value().map(|(number, key)| (*number, Arc::clone(key)))
    }

    /// The owner's key with this number.
    #[must_use]
    pub fn get(&self, owner: &str, number: u32) -> Option<Arc<K>> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner);
        held.get(owner)?.get(&number).cloned()
    }

    /// Replaces all keys. Returns whether other keys are held than before, by name.
    ///
    /// # Errors
    /// The name of an owner who would lose all keys: the keys of before stay.
    pub(crate) fn replace(&self, keys: Vec<(KeyName, K)>) -> Result<bool, String> {
        let new = by_owner(keys);
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = held.keys().find(|owner| !new.contains_key(*owner)) {
            return Err(owner.clone());
        }
        let numbers = |keys: &Numbered<K>, owner: &str| {
            keys.get(owner).map(|keys| keys.keys().copied().collect::<Vec<_>>())
        };
        let changed = new.keys().any(|owner| numbers(&held, owner) != numbers(&new, owner));
        *held = new;
        Ok(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> KeyName {
        KeyName::parse(text).unwrap()
    }

    #[test]
    fn a_key_has_one_name() {
        for text in ["identity", "identity.1", "identity.4294967295"] {
            assert_eq!(name(text).to_string(), text);
        }
        for text in ["", ".1", "identity.", "identity.0", "identity.01", "identity.+1", "identity.1.2"] {
            assert_eq!(KeyName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_newest_key_is_found_by_owner_and_each_key_by_number() {
        let ring: Ring<&str> =
            [(name("a"), "old"), (name("a.10"), "new"), (name("b.2"), "other")].into_iter().collect();
        assert_eq!(ring.newest("a").map(|(number, key)| (number, *key)), Some((10, "new")));
        assert_eq!(ring.get("a", 0).map(|key| *key), Some("old"));
        assert_eq!((ring.get("a", 2), ring.newest("c")), (None, None));
    }

    #[test]
    fn an_owner_never_loses_the_last_key() {
        let ring: Ring<&str> = [(name("a"), "old")].into_iter().collect();
        assert_eq!(ring.replace(vec![(name("a"), "old"), (name("a.1"), "new")]), Ok(true));
        assert_eq!(ring.replace(vec![(name("a.1"), "new")]), Ok(true));
        assert_eq!(ring.replace(vec![(name("a.1"), "new")]), Ok(false));
        assert_eq!(ring.replace(vec![(name("b"), "x")]), Err("a".to_owned()));
        assert_eq!(ring.newest("a").map(|(_, key)| *key), Some("new"));
    }
}
