//! `flat`: the build peer. Converts sorted `HEX:COUNT` lines into a flat array of 24-byte records (the digest
//! and a 32-bit count) with a straightforward loop on one thread: no checks of order, no compression, no
//! checksums, no atomic publication.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};

/// The value of each hex digit, 255 for other bytes.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789ABCDEF"[digit] as usize] = digit as u8;
        values[b"0123456789abcdef"[digit] as usize] = digit as u8;
        digit += 1;
    }
    values
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(text), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("usage: flat TEXT TARGET".into());
    };
    let mut lines = BufReader::with_capacity(1 << 20, File::open(&text)?);
    let mut records = BufWriter::with_capacity(1 << 20, File::create(&target)?);
    let (mut line, mut number) = (Vec::new(), 0_u64);
    while lines.read_until(b'\n', &mut line)? > 0 {
        number += 1;
        let record = convert(&line).ok_or_else(|| format!("{text}:{number}: not a `HEX:COUNT` line"))?;
        records.write_all(&record)?;
        line.clear();
    }
    records.into_inner()?.sync_all()?;
    Ok(())
}

fn convert(line: &[u8]) -> Option<[u8; 24]> {
    let (digits, rest) = line.split_first_chunk::<40>()?;
    let mut record = [0; 24];
    for (byte, pair) in record.iter_mut().zip(digits.as_chunks::<2>().0) {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        if high | low > 15 {
            return None;
        }
        *byte = high << 4 | low;
    }
    let count = rest.strip_prefix(b":")?.trim_ascii_end();
    let count: u32 = std::str::from_utf8(count).ok()?.parse().ok()?;
    record[20..].copy_from_slice(&count.to_be_bytes());
    Some(record)
}
