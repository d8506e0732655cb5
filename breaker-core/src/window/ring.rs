//! A ring of bits, one for each of the last n calls, which knows how many are set.

/// The last `len` bits pushed, and how many of them are set.
#[derive(Debug)]
pub(super) struct BitRing {
    words: Words,
    len: u32,
    set: u32,
    /// Where the next bit goes.
    head: u32,
}

/// Usual windows are short. Their bits are where the counts are, so that two threads exchange one
/// cache line less.
#[derive(Debug)]
enum Words {
    Few([u64; Self::FEW]),
    Many(Box<[u64]>),
}

impl Words {
    const FEW: usize = 2;

    fn unset(len: u32) -> Self {
        match len.div_ceil(64) as usize {
            ..=Self::FEW => Self::Few([0; Self::FEW]),
            many => Self::Many(vec![0; many].into()),
        }
    }

    #[inline]
    fn at(&mut self, index: u32) -> &mut u64 {
        match self {
            // The remainder spares a comparison: the index is below it.
            Self::Few(words) => &mut words[index as usize % Self::FEW],
            Self::Many(words) => &mut words[index as usize],
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Few(words) => words.fill(0),
            Self::Many(words) => words.fill(0),
        }
    }
}

impl BitRing {
    pub(super) fn new(len: u32) -> Self {
        Self { words: Words::unset(len), len, set: 0, head: 0 }
    }

    pub(super) const fn set(&self) -> u32 {
        self.set
    }

    /// Pushes `count` unset bits, dropping as many old ones.
    #[inline]
    pub(super) fn push_unset(&mut self, count: u64) {
        let end = u64::from(self.head) + count;
        let word = self.head / 64;
        // Usually there are few of them, within one word.
        if end / 64 == u64::from(word) && end < u64::from(self.len) {
            self.unset_in(word, ((1 << count) - 1) << (self.head % 64));
            self.head = narrow(end);
        } else {
            self.push_many_unset(count);
        }
    }

    #[inline(never)]
    fn push_many_unset(&mut self, count: u64) {
        // If nothing is set, only the head moves.
        if self.set == 0 || count >= u64::from(self.len) {
            if self.set > 0 {
                self.clear();
            }
            self.head = self.wrapped(u64::from(self.head) + count % u64::from(self.len));
            return;
        }
        let end = u64::from(self.head) + count;
        self.unset(self.head, end.min(u64::from(self.len)));
        if end > u64::from(self.len) {
            self.unset(0, end - u64::from(self.len));
        }
        self.head = self.wrapped(end);
    }

    /// Pushes one set bit, dropping the oldest.
    #[inline]
    pub(super) fn push_set(&mut self) {
        let place = self.head;
        self.head = if place + 1 == self.len { 0 } else { place + 1 };
        self.put(place);
    }

    /// Sets the newest bit.
    pub(super) fn set_newest(&mut self) {
        let newest = if self.head == 0 { self.len - 1 } else { self.head - 1 };
        self.put(newest);
    }

    pub(super) fn clear(&mut self) {
        self.words.clear();
        self.set = 0;
    }

    fn put(&mut self, place: u32) {
        let word = self.words.at(place / 64);
        let mask = 1 << (place % 64);
        self.set += u32::from(*word & mask == 0);
        *word |= mask;
    }

    /// Unsets the bits from `start` up to `end`, a word at a time.
    fn unset(&mut self, start: u32, end: u64) {
        let mut place = u64::from(start);
        while place < end {
            let offset = place % 64;
            let width = (64 - offset).min(end - place);
            let mask = if width == 64 { u64::MAX } else { ((1 << width) - 1) << offset };
            self.unset_in(narrow(place / 64), mask);
            place += width;
        }
    }

    /// Unsets some bits of a word.
    #[inline]
    fn unset_in(&mut self, word: u32, mask: u64) {
        let word = self.words.at(word);
        let lost = *word & mask;
        // Usually nothing is set, and counting ones is slow on the baseline instruction set.
        if lost != 0 {
            self.set -= lost.count_ones();
            *word &= !mask;
        }
    }

    /// Wraps a place that may be one round ahead.
    fn wrapped(&self, place: u64) -> u32 {
        let len = u64::from(self.len);
        narrow(if place >= len { place - len } else { place })
    }
}

/// A place in the ring: below its length, which is a u32.
#[allow(clippy::cast_possible_truncation)]
const fn narrow(place: u64) -> u32 {
    place as u32
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    #[test]
    fn the_ring_counts_as_a_plain_list_does() {
        for len in [1_u32, 2, 63, 64, 65, 100, 128, 200] {
            let mut ring = BitRing::new(len);
            let mut list: VecDeque<bool> = std::iter::repeat_n(false, len as usize).collect();
            let mut random = 0x9E37_79B9_u64;
            for _ in 0..2_000 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let pushed = match random >> 62 {
                    0 | 1 => {
                        ring.push_set();
                        vec![true]
                    }
                    2 => {
                        let count = (random >> 40) % (u64::from(len) * 2);
                        ring.push_unset(count);
                        vec![false; usize::try_from(count).unwrap()]
                    }
                    _ => {
                        ring.set_newest();
                        *list.back_mut().unwrap() = true;
                        Vec::new()
                    }
                };
                for bit in pushed {
                    list.push_back(bit);
                    list.pop_front();
                }
                let expected = u32::try_from(list.iter().filter(|bit| **bit).count()).unwrap();
                assert_eq!(ring.set(), expected, "len {len}");
            }
        }
    }
}
