//! A file encrypted under a data key of its own, which it carries in sealed form: envelope encryption.
//!
//! ```text
//! magic 16 · sealed key's length u32 · sealed key · chunk size u32 · plaintext's length u64 · chunks
//! ```
//! Numbers are big-endian. Each chunk is AES-256-GCM's ciphertext and its tag; the nonce is the chunk's number, since the
//! key is of this file alone, and the whole header is associated data: nothing can be changed, reordered or cut off.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::error::DemoError;

/// Bytes of plaintext in each chunk but the last.
pub(super) const CHUNK: usize = 64 << 10;

const MAGIC: &[u8; 16] = b"KEYSTEAD DEMO 1\n";

/// Encrypts `plaintext` under `data_key`; `sealed_key` is the data key as the key service has sealed it.
pub(super) fn seal(data_key: &[u8], sealed_key: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, DemoError> {
    let key = schedule(data_key)?;
    let header = header(sealed_key, plaintext.len());
    let mut file = header.clone();
    for (number, chunk) in (0_u64..).zip(plaintext.chunks(CHUNK)) {
        let start = file.len();
        file.extend_from_slice(chunk);
        let tag = key
            .seal_in_place_separate_tag(
                nonce(number),
                Aad::from(&header),
                file.get_mut(start..).unwrap_or_default(),
            )
            .map_err(|_| DemoError::wrong("a chunk could not be encrypted"))?;
        file.extend_from_slice(tag.as_ref());
    }
    Ok(file)
}

/// The sealed data key in a file's header.
pub(super) fn sealed_key(file: &[u8]) -> Result<&[u8], DemoError> {
    Parts::of(file).map(|parts| parts.sealed_key)
}

/// Decrypts a file whose data key the key service has opened.
pub(super) fn open(data_key: &[u8], file: &[u8]) -> Result<Vec<u8>, DemoError> {
    let key = schedule(data_key)?;
    let parts = Parts::of(file)?;
    let mut plaintext = Vec::with_capacity(parts.chunks.len());
    for (number, chunk) in (0_u64..).zip(parts.chunks.chunks(CHUNK + AES_256_GCM.tag_len())) {
        let mut chunk = chunk.to_vec();
        let opened = key
            .open_in_place(nonce(number), Aad::from(parts.header), &mut chunk)
            .map_err(|_| DemoError::wrong("a chunk of the file does not open"))?;
        plaintext.extend_from_slice(opened);
    }
    if plaintext.len() != parts.length {
        return Err(DemoError::wrong("the file has been cut short"));
    }
    Ok(plaintext)
}

fn header(sealed_key: &[u8], plaintext_length: usize) -> Vec<u8> {
    // INVARIANT: a sealed key has some hundred bytes, and no plaintext in memory exceeds 2^64.
    let key_length = u32::try_from(sealed_key.len()).unwrap_or(u32::MAX);
    let mut header = MAGIC.to_vec();
    header.extend_from_slice(&key_length.to_be_bytes());
    header.extend_from_slice(sealed_key);
    header.extend_from_slice(&(CHUNK as u32).to_be_bytes());
    header.extend_from_slice(&(plaintext_length as u64).to_be_bytes());
    header
}

struct Parts<'a> {
    header: &'a [u8],
    sealed_key: &'a [u8],
    length: usize,
    chunks: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(file: &'a [u8]) -> Result<Parts<'a>, DemoError> {
        Parts::split(file).ok_or_else(|| DemoError::wrong("the file is none that the demo has made"))
    }

    fn split(file: &'a [u8]) -> Option<Parts<'a>> {
        let rest = file.strip_prefix(MAGIC)?;
        let (key_length, rest) = rest.split_first_chunk::<4>()?;
        let (sealed_key, rest) =
            rest.split_at_checked(usize::try_from(u32::from_be_bytes(*key_length)).ok()?)?;
        let (chunk, rest) = rest.split_first_chunk::<4>()?;
        let (length, chunks) = rest.split_first_chunk::<8>()?;
        if u32::from_be_bytes(*chunk) as usize != CHUNK {
            return None;
        }
        Some(Parts {
            header: file.get(..file.len() - chunks.len())?,
            sealed_key,
            length: usize::try_from(u64::from_be_bytes(*length)).ok()?,
            chunks,
        })
    }
}

fn nonce(number: u64) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    if let Some(last) = bytes.last_chunk_mut() {
        *last = number.to_be_bytes();
    }
    Nonce::assume_unique_for_key(bytes)
}

fn schedule(data_key: &[u8]) -> Result<LessSafeKey, DemoError> {
    UnboundKey::new(&AES_256_GCM, data_key)
        .map(LessSafeKey::new)
        .map_err(|_| DemoError::wrong("the data key has not 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [7; 32];

    fn plaintext(length: usize) -> Vec<u8> {
        (0..length).map(|number| (number % 251) as u8).collect()
    }

    #[test]
    fn a_file_of_any_length_comes_back() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17] {
            let file = seal(&KEY, b"sealed", &plaintext(length)).unwrap();
            assert_eq!(sealed_key(&file).unwrap(), b"sealed");
            assert_eq!(open(&KEY, &file).unwrap(), plaintext(length));
        }
    }

    #[test]
    fn a_changed_reordered_or_cut_file_does_not_open() {
        let file = seal(&KEY, b"sealed", &plaintext(2 * CHUNK)).unwrap();
        let header = file.len() - 2 * (CHUNK + 16);
        for place in [0, 17, 21, header - 1, header, file.len() - 1] {
            let mut changed = file.clone();
            changed[place] ^= 1;
            assert!(open(&KEY, &changed).is_err(), "byte {place}");
        }
        let mut swapped = file[..header].to_vec();
        swapped.extend_from_slice(&file[header + CHUNK + 16..]);
        swapped.extend_from_slice(&file[header..header + CHUNK + 16]);
        assert!(open(&KEY, &swapped).is_err());
        for length in [0, 10, header, header + CHUNK + 16, file.len() - 1] {
            assert!(open(&KEY, &file[..length]).is_err(), "cut to {length}");
        }
        assert!(open(&[8; 32], &file).is_err());
    }
}
