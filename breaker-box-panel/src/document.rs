//! Texts that are made once and sent to many, in small pieces: what a connection that does not read
//! has taken ahead is little, and the rest can be taken back.

use std::fmt;
use std::io;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;

/// Bytes of a piece. A connection takes up to sixteen pieces that it has not sent yet, so a dead
/// one holds on to 64 KiB.
const PIECE: usize = 4_096;

/// A text in pieces, shared by all that it is sent to.
pub(crate) struct Document {
    len: usize,
    /// `None` once it was taken back.
    pieces: Mutex<Option<Vec<Bytes>>>,
}

/// What a connection that has sent some pieces gets next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Piece(Bytes),
    End,
    /// It was taken back: the rest will never come.
    TakenBack,
}

impl Document {
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn piece(&self, number: usize) -> Next {
        match &*self.pieces() {
            None => Next::TakenBack,
            Some(pieces) => pieces.get(number).cloned().map_or(Next::End, Next::Piece),
        }
    }

    /// All of it at once; `None` once it was taken back.
    pub(crate) fn whole(&self) -> Option<Bytes> {
        let pieces = self.pieces();
        let pieces = pieces.as_ref()?;
        Some(if let [only] = pieces.as_slice() { only.clone() } else { pieces.concat().into() })
    }

    /// Lets go of its memory, whoever still sends it.
    pub(crate) fn take_back(&self) {
        drop(self.pieces().take());
    }

    fn pieces(&self) -> std::sync::MutexGuard<'_, Option<Vec<Bytes>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.len)
    }
}

/// A document that is being written.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    len: usize,
    pieces: Vec<Bytes>,
    last: Vec<u8>,
}

impl Writer {
    pub(crate) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A value as JSON. Our values have only texts as keys, so that nothing can fail.
    pub(crate) fn json(&mut self, value: &impl serde::Serialize) {
        let _ = serde_json::to_writer(self, value);
    }

    /// Values as a JSON array, made one by one.
    pub(crate) fn list<T: serde::Serialize>(&mut self, values: impl IntoIterator<Item = T>) {
        self.text("[");
        for (number, value) in values.into_iter().enumerate() {
            if number > 0 {
                self.text(",");
            }
            self.json(&value);
        }
        self.text("]");
    }

    pub(crate) fn finish(mut self) -> Document {
        if !self.last.is_empty() {
            self.pieces.push(self.last.into());
        }
        Document { len: self.len, pieces: Mutex::new(Some(self.pieces)) }
    }

    fn bytes(&mut self, mut bytes: &[u8]) {
        self.len += bytes.len();
        while !bytes.is_empty() {
            if self.last.capacity() == 0 {
                self.last.reserve_exact(PIECE);
            }
            let (now, later) = bytes.split_at(bytes.len().min(PIECE - self.last.len()));
            self.last.extend_from_slice(now);
            if self.last.len() == PIECE {
                self.pieces.push(std::mem::take(&mut self.last).into());
            }
            bytes = later;
        }
    }
}

impl io::Write for Writer {
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
    fn a_long_text_comes_in_pieces_that_are_the_text() {
        let text: String = (0..10_000).flat_map(|number: u32| [number.to_string(), ",".to_owned()]).collect();
        let mut writer = Writer::default();
        text.as_bytes().chunks(7).for_each(|part| writer.bytes(part));
        let document = writer.finish();
        assert_eq!((document.len(), document.whole().unwrap()), (text.len(), Bytes::from(text.clone())));
        let mut sent = Vec::new();
        let mut pieces = 0;
        while let Next::Piece(piece) = document.piece(pieces) {
            assert!(piece.len() <= PIECE);
            sent.extend_from_slice(&piece);
            pieces += 1;
        }
        assert_eq!((sent, pieces), (text.into_bytes(), document.len().div_ceil(PIECE)));
    }

    #[test]
    fn what_was_taken_back_never_ends_well() {
        let mut writer = Writer::default();
        writer.text("some text");
        let document = writer.finish();
        document.take_back();
        assert_eq!((document.piece(0), document.whole()), (Next::TakenBack, None));
    }

    #[test]
    fn lists_of_any_length_are_json() {
        for length in 0..3 {
            let mut writer = Writer::default();
            writer.text("{\"list\":");
            writer.list(0..length);
            writer.text("}");
            let text = writer.finish().whole().unwrap();
            let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
            assert_eq!(value["list"].as_array().unwrap().len(), length);
        }
    }
}
