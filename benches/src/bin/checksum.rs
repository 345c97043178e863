//! `checksum`: reads standard input to its end and prints bytes, lines and a checksum as one JSON object; to be
//! compared with what `corpus --checksum` says of the text it wrote.

#![forbid(unsafe_code)]
#![allow(clippy::print_stdout)]

use std::io::{self, Read, Write};

use breachdex_benches::checksum::Checked;

fn main() -> io::Result<()> {
    let mut input = io::stdin().lock();
    let mut checked = Checked::new(io::sink());
    let mut buffer = vec![0; 1 << 20];
    loop {
        let length = input.read(&mut buffer)?;
        if length == 0 {
            break;
        }
        checked.write_all(&buffer[..length])?;
    }
    println!("{}", checked.finish());
    Ok(())
}
