//! Estimates how often each body was asked for lately, in memory that does not grow.
//!
//! A count-min sketch: four rows of counters, of which the smallest of a key is its estimate. All counters are halved
//! after as many questions as a row has counters, so that estimates are of late and others' questions stay below two.

#![forbid(unsafe_code)]

const ROWS: usize = 4;
/// Counters of a row, a power of two.
const WIDTH: usize = 4096;
const MOST: u8 = 15;

/// How often each key was asked for lately.
#[derive(Debug)]
pub(super) struct Sketch {
    counters: Box<[[u8; WIDTH]; ROWS]>,
    asked: usize,
}

impl Sketch {
    pub(super) fn new() -> Self {
        Self { counters: Box::new([[0; WIDTH]; ROWS]), asked: 0 }
    }

    /// Counts a question for the key with this hash.
    pub(super) fn note(&mut self, hash: u64) {
        let least = self.estimate(hash);
        if least < MOST {
            // Only the smallest ones, which others have raised least.
            for (row, at) in self.counters.iter_mut().zip(places(hash)) {
                row[at] = row[at].max(least + 1);
            }
        }
        self.asked += 1;
        if self.asked == WIDTH {
            self.asked = 0;
            self.counters.iter_mut().flatten().for_each(|counter| *counter /= 2);
        }
    }

    /// About how often it was asked for lately, seldom less; at most 15.
    pub(super) fn estimate(&self, hash: u64) -> u8 {
        self.counters.iter().zip(places(hash)).map(|(row, at)| row[at]).min().unwrap_or(0)
    }
}

/// Where a key counts in each row.
fn places(hash: u64) -> [usize; ROWS] {
    std::array::from_fn(|row| (hash >> (16 * row)) as usize % WIDTH)
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn what_is_asked_often_stands_out_of_a_scan() {
        let (mut sketch, random) = (Sketch::new(), RandomState::new());
        let hash = |key: u32| random.hash_one(key);
        for key in 0..100_000 {
            sketch.note(hash(key));
            // One question in two hundred.
            if key % 200 == 0 {
                sketch.note(hash(u32::MAX));
            }
        }
        assert!(sketch.estimate(hash(u32::MAX)) >= 10);
        let scanned = (0..100_000).filter(|key| sketch.estimate(hash(*key)) >= 4).count();
        assert!(scanned < 1_000, "{scanned} of 100,000 look as if they were asked for often");
    }

    #[test]
    fn what_is_asked_no_more_is_forgotten() {
        let mut sketch = Sketch::new();
        (0..100).for_each(|_| sketch.note(7));
        assert_eq!(sketch.estimate(7), MOST);
        (0..5 * WIDTH).for_each(|_| sketch.note(u64::MAX));
        assert_eq!(sketch.estimate(7), 0);
    }
}
