//! A corpus as others read it: `HEX:COUNT` lines, sorted or shuffled, or a folder of range files.

#![forbid(unsafe_code)]

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::mpsc::{self, SyncSender};
use std::thread;

use breachdex::Kind;
use rand::seq::SliceRandom;

use super::{Corpus, CorpusError, Row, generator, order};

/// In which order lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Ascending digests.
    Sorted,
    /// Scattered: blocks of a million lines, each of prefixes drawn from everywhere and shuffled as a whole.
    /// The lines of one prefix stay within two neighbouring blocks; that is what keeps memory constant.
    Shuffled,
}

/// Lines that are shuffled together: 24 MiB.
const SHUFFLED_BLOCK: usize = 1 << 20;
/// Prefixes whose lines a thread makes at a time: 5 MB at the real density.
const BLOCK_PREFIXES: u32 = 64;
/// Bytes gathered before they are written.
const WRITE_BLOCK: usize = 1 << 20;
/// The longest line: 40 digits, a colon, ten digits, CR and LF.
const LONGEST_LINE: usize = 53;

/// Writes every entry as an upper-case `HEX:COUNT` line that ends with LF. `name` is for the error only.
///
/// # Errors
/// [`CorpusError::Write`].
pub fn write_text(
    corpus: &Corpus,
    order: Order,
    target: &mut dyn Write,
    name: &str,
) -> Result<(), CorpusError> {
    let mut lines = LineWriter::new(target, corpus.spec().kind);
    match order {
        Order::Sorted => write_sorted(corpus, &mut lines),
        Order::Shuffled => write_shuffled(corpus, &mut lines),
    }
    .and_then(|()| lines.flush())
    .map_err(|error| CorpusError::Write { path: name.to_owned(), error })
}

/// [`write_text`] in ascending order with so many threads that make text while one writes it. Each holds two blocks
/// of some megabytes.
///
/// # Errors
/// [`CorpusError::Write`].
pub fn write_sorted_text(
    corpus: &Corpus,
    threads: usize,
    target: &mut dyn Write,
    name: &str,
) -> Result<(), CorpusError> {
    thread::scope(|scope| {
        let makers: Vec<_> = (0..threads.max(1))
            .map(|place| {
                // One block waits while the next is made.
                let (sender, receiver) = mpsc::sync_channel(1);
                scope.spawn(move || make_blocks(corpus, place, threads.max(1), &sender));
                receiver
            })
            .collect();
        // A failed write drops the receivers, which ends the threads.
        'blocks: loop {
            for maker in &makers {
                let Ok(block) = maker.recv() else { break 'blocks };
                target.write_all(&block)?;
            }
        }
        target.flush()
    })
    .map_err(|error| CorpusError::Write { path: name.to_owned(), error })
}

/// Makes every `of`-th block of the corpus's sorted text, from the `place`-th on.
fn make_blocks(corpus: &Corpus, place: usize, of: usize, blocks: &SyncSender<Vec<u8>>) {
    let mut reader = corpus.reader();
    let (first, last) = (*corpus.prefixes().start(), *corpus.prefixes().end());
    for start in (first..=last).step_by(BLOCK_PREFIXES as usize).skip(place).step_by(of) {
        let mut block = Vec::new();
        let mut lines = LineWriter::new(&mut block, corpus.spec().kind);
        for prefix in start..=last.min(start + BLOCK_PREFIXES - 1) {
            // Writing into memory does not fail.
            let _ = lines.write(reader.read(prefix));
        }
        let _ = lines.flush();
        if blocks.send(block).is_err() {
            return;
        }
    }
}

fn write_sorted(corpus: &Corpus, lines: &mut LineWriter<'_>) -> io::Result<()> {
    let mut reader = corpus.reader();
    for prefix in corpus.prefixes() {
        lines.write(reader.read(prefix))?;
    }
    Ok(())
}

fn write_shuffled(corpus: &Corpus, lines: &mut LineWriter<'_>) -> io::Result<()> {
    let mut reader = corpus.reader();
    let mut random = generator(corpus.spec().seed, u64::MAX - 1);
    let mut block: Vec<Row> = Vec::with_capacity(SHUFFLED_BLOCK);
    for prefix in order::scattered_prefixes(corpus.spec().seed) {
        if corpus.entries_under(prefix) == 0 {
            continue;
        }
        for row in reader.read(prefix) {
            block.push(*row);
            if block.len() == SHUFFLED_BLOCK {
                block.shuffle(&mut random);
                lines.write(&block)?;
                block.clear();
            }
        }
    }
    block.shuffle(&mut random);
    lines.write(&block)
}

/// Writes one file per prefix into `folder`, named and written as the range protocol has it: suffixes, CRLF
/// between rows, none after the last; a prefix without entries holds the row `000…0:0`.
///
/// # Errors
/// [`CorpusError::Write`].
pub fn write_range_files(corpus: &Corpus, folder: &Path) -> Result<(), CorpusError> {
    let failed = |path: &Path, error| CorpusError::Write { path: path.display().to_string(), error };
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let kind = corpus.spec().kind;
    let mut reader = corpus.reader();
    let mut body = Vec::new();
    for prefix in corpus.prefixes() {
        body.clear();
        for row in reader.read(prefix) {
            let mut line = [0; LONGEST_LINE];
            let length = encode_row(row, kind, &mut line);
            body.extend_from_slice(&line[5..length]);
            body.extend_from_slice(b"\r\n");
        }
        if body.is_empty() {
            body.resize(kind.hex_digits() - 5, b'0');
            body.extend_from_slice(b":0\r\n");
        }
        body.truncate(body.len() - 2);
        let path = folder.join(format!("{prefix:05X}"));
        fs::write(&path, &body).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

/// Gathers lines and hands them on in large blocks.
struct LineWriter<'a> {
    target: &'a mut dyn Write,
    kind: Kind,
    buffer: Box<[u8]>,
    used: usize,
}

impl<'a> LineWriter<'a> {
    fn new(target: &'a mut dyn Write, kind: Kind) -> Self {
        Self { target, kind, buffer: vec![0; WRITE_BLOCK].into_boxed_slice(), used: 0 }
    }

    fn write(&mut self, rows: &[Row]) -> io::Result<()> {
        for row in rows {
            if self.used + LONGEST_LINE > self.buffer.len() {
                self.hand_on()?;
            }
            if let Some(line) = self.buffer[self.used..].first_chunk_mut() {
                let length = encode_row(row, self.kind, line);
                line[length] = b'\n';
                self.used += length + 1;
            }
        }
        Ok(())
    }

    fn hand_on(&mut self) -> io::Result<()> {
        self.target.write_all(&self.buffer[..self.used])?;
        self.used = 0;
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.hand_on()?;
        self.target.flush()
    }
}

/// Four bytes to eight upper-case digits at once, the first digit in the lowest byte: the nibbles are spread
/// over the eight bytes of a word, then 7 is added to those of 10 and more.
#[inline]
fn hex_word(bytes: [u8; 4]) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let mut spread = u64::from(u32::from_le_bytes(bytes));
    spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    let nibbles = (spread >> 4 | spread << 8) & (0x0f * ONES);
    let letters = ((nibbles + 6 * ONES) >> 4) & ONES;
    nibbles + 0x30 * ONES + letters * 7
}

/// `HEX:COUNT` without a line end; returns its length.
fn encode_row(row: &Row, kind: Kind, line: &mut [u8; LONGEST_LINE]) -> usize {
    for (digits, bytes) in line.chunks_exact_mut(8).zip(row.digest.as_chunks::<4>().0) {
        digits.copy_from_slice(&hex_word(*bytes).to_le_bytes());
    }
    let mut end = kind.hex_digits();
    line[end] = b':';
    end += 1;
    if row.count < 10 {
        line[end] = b'0' + row.count as u8;
        return end + 1;
    }
    let digits = row.count.ilog10() as usize + 1;
    let mut left = row.count;
    for place in line[end..end + digits].iter_mut().rev() {
        *place = b'0' + (left % 10) as u8;
        left /= 10;
    }
    end + digits
}
