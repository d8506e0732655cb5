//! Texts that are serialized once and sent to many clients, in small chunks: a connection that does
//! not read holds on to little of it, and the rest can be revoked.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;

/// Bytes of a chunk. A connection buffers up to sixteen chunks, so one that does not read holds on
/// to 64 KiB.
const CHUNK: usize = 4_096;

/// A text in chunks, shared by all clients that it is sent to.
pub(crate) struct Payload {
    len: usize,
    /// `None` once it was revoked.
    chunks: Mutex<Option<Vec<Bytes>>>,
}

/// What comes after the chunks that a client already has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NextChunk {
    Chunk(Bytes),
    End,
    /// The payload was revoked: the rest never comes.
    Revoked,
}

impl Payload {
    /// Bytes, revoked or not.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn chunk(&self, index: usize) -> NextChunk {
        match &*self.chunks() {
            None => NextChunk::Revoked,
            Some(chunks) => chunks.get(index).cloned().map_or(NextChunk::End, NextChunk::Chunk),
        }
    }

    /// The whole text; `None` once it was revoked.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        let chunks = self.chunks();
        let chunks = chunks.as_ref()?;
        Some(if let [only] = chunks.as_slice() { only.clone() } else { chunks.concat().into() })
    }

    /// Frees its memory, even if clients are still reading it.
    pub(crate) fn revoke(&self) {
        drop(self.chunks().take());
    }

    fn chunks(&self) -> MutexGuard<'_, Option<Vec<Bytes>>> {
        self.chunks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.len)
    }
}

/// Writes a payload.
#[derive(Debug, Default)]
pub(crate) struct PayloadWriter {
    len: usize,
    full: Vec<Bytes>,
    last: Vec<u8>,
}

impl PayloadWriter {
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes a value as JSON. All keys of our values are strings, so this cannot fail.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) {
        let _ = serde_json::to_writer(self, value);
    }

    /// Writes values as a JSON array, one by one, so that they never exist all at once.
    pub(crate) fn list<T: serde::Serialize>(&mut self, values: impl IntoIterator<Item = T>) {
        self.text("[");
        for (index, value) in values.into_iter().enumerate() {
            if index > 0 {
                self.text(",");
            }
            self.json(&value);
        }
        self.text("]");
    }

    pub(crate) fn finish(mut self) -> Payload {
        if !self.last.is_empty() {
            self.full.push(self.last.into());
        }
        Payload { len: self.len, chunks: Mutex::new(Some(self.full)) }
    }

    fn bytes(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            if self.last.capacity() == 0 {
                self.last.reserve_exact(CHUNK);
            }
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.last.len()));
            self.last.extend_from_slice(now);
            if self.last.len() == CHUNK {
                self.full.push(std::mem::take(&mut self.last).into());
            }
            bytes = later;
        }
    }
}

impl io::Write for PayloadWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chunks_of_a_long_text_are_the_text() {
        let text: String = (0..10_000).flat_map(|number: u32| [number.to_string(), ",".to_owned()]).collect();
        let mut writer = PayloadWriter::default();
        text.as_bytes().chunks(7).for_each(|part| writer.bytes(part));
        let document = writer.finish();
        assert_eq!((document.len(), document.whole().unwrap()), (text.len(), Bytes::from(text.clone())));
        let mut sent = Vec::new();
        let mut chunks = 0;
        while let NextChunk::Chunk(chunk) = document.chunk(chunks) {
            assert!(chunk.len() <= CHUNK);
            sent.extend_from_slice(&chunk);
            chunks += 1;
        }
        assert_eq!((sent, chunks), (text.into_bytes(), document.len().div_ceil(CHUNK)));
    }

    #[test]
    fn a_revoked_payload_never_ends_like_a_whole_one() {
        let mut writer = PayloadWriter::default();
        writer.text("some text");
        let document = writer.finish();
        document.revoke();
        assert_eq!((document.chunk(0), document.whole()), (NextChunk::Revoked, None));
    }

    #[test]
    fn lists_of_any_length_are_json() {
        for length in 0..3 {
            let mut writer = PayloadWriter::default();
            writer.text("{\"list\":");
            writer.list(0..length);
            writer.text("}");
            let text = writer.finish().whole().unwrap();
            let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value["list"].as_array().unwrap().len(), length);
        }
    }
}
