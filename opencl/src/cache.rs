//! Built programs on disk, so that the next process need not build them again.
//!
//! Binaries lie in the folder that `SEGLOSS_OPENCL_CACHE` names, else in `segloss/opencl` in the user's
//! cache folder; `SEGLOSS_OPENCL_CACHE=off` keeps none. A folder that cannot be read or written is as good
//! as none: programs are built from source then.

use std::io::Write;
use std::path::PathBuf;

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

/// What a file begins with; a new number for each change of what follows.
const MAGIC: &[u8; 8] = b"sglcl\0\0\x01";
const HASH: usize = 32;

/// A folder of binaries, if there is one.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: Option<PathBuf>,
}

impl Cache {
    /// Where the environment says.
    pub(crate) fn from_environment() -> Self {
        let folder = match std::env::var_os("SEGLOSS_OPENCL_CACHE") {
            Some(off) if off == "off" => None,
            Some(folder) => Some(PathBuf::from(folder)),
            None => {
                let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
                let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home);
                base.map(|base| base.join("segloss").join("opencl"))
            }
        };
        Cache { folder }
    }

    /// In `folder`.
    #[cfg(test)]
    fn of(folder: PathBuf) -> Self {
        Cache { folder: Some(folder) }
    }

    /// The binary that was stored for `key`, if it is there and undamaged: drivers crash on one that is
    /// not.
    pub(crate) fn load(&self, key: &[&str]) -> Option<Vec<u8>> {
        let file = std::fs::read(self.place(key)?).ok()?;
        let rest = file.strip_prefix(MAGIC)?;
        let (hash, binary) = rest.split_at_checked(HASH)?;
        (!binary.is_empty() && Sha256::digest(binary)[..] == *hash).then(|| binary.to_vec())
    }

    /// Stores a binary: all of it, or nothing. Processes that do so at once do not disturb each other.
    pub(crate) fn store(&self, key: &[&str], binary: &[u8]) -> std::io::Result<()> {
        let Some(place) = self.place(key) else { return Ok(()) };
        let Some(folder) = place.parent() else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(MAGIC)?;
        file.write_all(&Sha256::digest(binary))?;
        file.write_all(binary)?;
        file.persist(place)?;
        Ok(())
    }

    /// The file of a key: its name is the hash of all parts, each with its length before it.
    fn place(&self, key: &[&str]) -> Option<PathBuf> {
        let mut hash = Sha256::new();
        for part in key {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        let name: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(self.folder.as_ref()?.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_found_again_by_all_of_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of(folder.path().join("deep").join("er"));
        assert_eq!(cache.load(&["source", "device"]), None);
        cache.store(&["source", "device"], b"binary").unwrap();
        assert_eq!(cache.load(&["source", "device"]).as_deref(), Some(&b"binary"[..]));
        for other in [&["sourced", "evice"][..], &["source"], &["source", "device", ""]] {
            assert_eq!(cache.load(other), None);
        }
    }

    #[test]
    fn a_damaged_binary_is_not_given_to_a_driver() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::of(folder.path().into());
        cache.store(&["key"], b"binary").unwrap();
        let place = cache.place(&["key"]).unwrap();
        let whole = std::fs::read(&place).unwrap();
        for len in 0..whole.len() {
            std::fs::write(&place, &whole[..len]).unwrap();
            assert_eq!(cache.load(&["key"]), None, "{len} bytes of {}", whole.len());
            let mut changed = whole.clone();
            changed[len] ^= 1;
            std::fs::write(&place, &changed).unwrap();
            assert_eq!(cache.load(&["key"]), None, "byte {len} changed");
        }
    }

    #[test]
    fn no_folder_is_no_cache() {
        let cache = Cache { folder: None };
        cache.store(&["key"], b"binary").unwrap();
        assert_eq!(cache.load(&["key"]), None);
    }
}
