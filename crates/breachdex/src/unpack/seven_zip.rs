//! A file of a 7z archive. Its decoder hands out files by a callback, so it works on a thread of its own.

#![forbid(unsafe_code)]

use std::io::{self, Cursor, Read, Seek};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use sevenz_rust2::{Archive, ArchiveReader, EncoderMethod, Error, Password};
use zeroize::Zeroizing;

use super::archive::{Choose, Member, choose_among};
use super::error::{Problem, UnpackError, of_decoder};
use crate::text::Packed;

/// Pieces that wait to be read.
const WAITING: usize = 2;

type Piece = Zeroizing<Vec<u8>>;

pub(super) fn open<F>(mut file: F, choose: Choose<'_>) -> io::Result<Member>
where
    F: Read + Seek + Send + 'static,
{
    let most = usize::try_from(super::MOST_MEMORY >> 10).unwrap_or(usize::MAX);
    let archive =
        Archive::read_with_memory_limit(&mut file, &Password::empty(), most).map_err(in_our_words)?;
    // Folders get the end that tells them in a ZIP archive.
    let names: Vec<String> = archive
        .files
        .iter()
        .map(|file| if file.is_directory() { format!("{}/", file.name()) } else { file.name().to_owned() })
        .collect();
    let of_files: Vec<&str> = names.iter().map(String::as_str).collect();
    let chosen = choose_among(Packed::SevenZip, &of_files, choose)?;
    if archive.is_file_encrypted(chosen) {
        return Err(UnpackError::new(Packed::SevenZip, Problem::Encrypted).into());
    }
    let name = names[chosen].clone();
    if names.iter().filter(|other| **other == name).count() > 1 {
        return Err(UnpackError::new(Packed::SevenZip, Problem::Damaged).into());
    }
    let reader = ArchiveReader::new_with_memory_limit(file, Password::empty(), most).map_err(in_our_words)?;
    let size = archive.files[chosen].size();
    Ok(Member { reader: Box::new(Pieces::start(reader, name.clone(), size)?), name })
}

/// What a decoder on another thread has read.
struct Pieces {
    /// `None` once the thread has ended or was told to.
    pieces: Option<Receiver<io::Result<Piece>>>,
    thread: Option<JoinHandle<()>>,
    piece: Cursor<Piece>,
    /// Bytes that are still to come.
    left: u64,
}

impl Pieces {
    fn start<F>(mut reader: ArchiveReader<F>, name: String, size: u64) -> io::Result<Self>
    where
        F: Read + Seek + Send + 'static,
    {
        // One decoder, whose memory is bounded: several of them have the limit each.
        reader.set_thread_count(1);
        let (sender, pieces) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("unpack".into()).spawn(move || {
            let ended = reader.for_each_entries(|entry, data| {
                if entry.name() == name { send_all(data, &sender) } else { Ok(true) }
            });
            if let Err(error) = ended {
                // Nobody reads any more where this fails.
                let _ = sender.send(Err(in_our_words(error)));
            }
        })?;
        Ok(Self { pieces: Some(pieces), thread: Some(thread), piece: Cursor::default(), left: size })
    }

    fn end(&mut self) -> std::thread::Result<()> {
        self.pieces = None;
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

/// Sends a file piece by piece. The decoder goes on when it is at its end, and compares its checksum.
fn send_all(data: &mut dyn Read, sender: &SyncSender<io::Result<Piece>>) -> Result<bool, Error> {
    loop {
        let mut piece = Zeroizing::new(Vec::with_capacity(super::BUFFER));
        data.take(super::BUFFER as u64).read_to_end(&mut piece)?;
        if piece.is_empty() {
            return Ok(true);
        }
        if sender.send(Ok(piece)).is_err() {
            return Err(Error::Other("nobody reads any more".into()));
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let length = self.piece.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let Some(pieces) = &self.pieces else { return Ok(0) };
            match pieces.recv() {
                Ok(Ok(piece)) => {
                    self.left = self
                        .left
                        .checked_sub(piece.len() as u64)
                        .ok_or(UnpackError::new(Packed::SevenZip, Problem::Damaged))?;
                    self.piece = Cursor::new(piece);
                }
                Ok(Err(error)) => {
                    // The thread is at its end.
                    let _ = self.end();
                    return Err(error);
                }
                // The whole archive was decoded and is sound, or the decoder could not go on.
                Err(_) => {
                    let problem = match self.end() {
                        Ok(()) if self.left == 0 => return Ok(0),
                        Ok(()) => Problem::Cut,
                        Err(_) => Problem::Damaged,
                    };
                    return Err(UnpackError::new(Packed::SevenZip, problem).into());
                }
            }
        }
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        // A panic of the decoder was printed; nobody waits for what it would have read.
        let _ = self.end();
    }
}

/// What the crate says.
fn in_our_words(error: Error) -> io::Error {
    let problem = match error {
        Error::Io(error, _) | Error::MaybeBadPassword(error) | Error::FileOpen(error, _) => {
            return of_decoder(Packed::SevenZip, error);
        }
        Error::MaxMemLimited { .. } => Problem::Memory,
        Error::PasswordRequired => Problem::Encrypted,
        Error::UnsupportedCompressionMethod(name) if name == EncoderMethod::AES256_SHA256.name() => {
            Problem::Encrypted
        }
        Error::UnsupportedCompressionMethod(name) => Problem::Method(name),
        _ => Problem::Damaged,
    };
    UnpackError::new(Packed::SevenZip, problem).into()
}
