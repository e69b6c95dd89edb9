//! The container of a program database: numbered streams, each a list of blocks.
//!
//! MSF 7.00 as `llvm/docs/PDB/MsfFile.rst` describes it. Knows nothing of what the
//! streams hold.

use super::Refused;
use crate::format::Endian;
use crate::format::cursor::Cursor;

const MAGIC: &[u8] = b"Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0";
const MAGIC_OLD: &[u8] = b"Microsoft C/C++ program database ";
const MAGIC_COMPRESSED: &[u8] = b"Microsoft MSFZ Container";

/// First bytes of all kinds of containers, read or not.
pub(super) const MAGICS: [&[u8]; 3] = [MAGIC, MAGIC_OLD, MAGIC_COMPRESSED];

/// What a stream that does not exist has for a size.
const NIL: u32 = u32::MAX;

/// An opened container.
pub(super) struct Container<'f> {
    file: &'f [u8],
    block_size: u32,
    streams: Vec<Stream>,
    /// The block numbers of all streams, one after another.
    blocks: Vec<u32>,
    /// Bytes that may still be copied. No block is part of two streams, so in a
    /// sound file there are always enough.
    budget: u64,
}

/// Where a stream lies.
#[derive(Clone, Copy)]
struct Stream {
    size: u32,
    /// Index of its first block number.
    first: usize,
}

impl<'f> Container<'f> {
    /// Reads the directory.
    ///
    /// *Cost*: proportional to the directory, which is no longer than the file.
    pub fn open(file: &'f [u8]) -> Result<Container<'f>, Refused> {
        if file.starts_with(MAGIC_COMPRESSED) {
            return Err(Refused::Unsupported("it is compressed (MSFZ)"));
        }
        if !file.starts_with(MAGIC) {
            let old = file.starts_with(MAGIC_OLD);
            return Err(if old {
                Refused::Unsupported("it is of a version before 7.00 (Visual C++ 6 or older)")
            } else {
                Refused::NotOne
            });
        }
        let head = superblock(file).ok_or_else(|| damaged("the file ends inside the superblock"))?;
        if !head.block_size.is_power_of_two() || !(512..=1 << 23).contains(&head.block_size) {
            return Err(damaged(format!("its blocks would be of {} bytes", head.block_size)));
        }
        let mut container = Container {
            file,
            block_size: head.block_size,
            streams: Vec::new(),
            blocks: Vec::new(),
            // The directory is listed twice over: its blocks, and the blocks of that list.
            budget: 2 * file.len() as u64,
        };
        let count = container.blocks_of(head.directory_size);
        let list_size =
            u32::try_from(4 * u64::from(count)).map_err(|_| damaged("its directory is too large"))?;
        let list = (container.blocks_of(list_size) as usize)
            .checked_mul(4)
            .and_then(|len| file.get(SUPERBLOCK..)?.get(..len))
            .ok_or_else(|| damaged("the file ends inside the superblock"))?;
        let list = container.gather(&words(list), list_size).map_err(|why| in_directory(&why))?;
        let directory =
            container.gather(&words(&list), head.directory_size).map_err(|why| in_directory(&why))?;
        container
            .index(&directory)
            .ok_or_else(|| damaged("its directory ends inside the list of streams"))?;
        container.budget = file.len() as u64;
        Ok(container)
    }

    fn index(&mut self, directory: &[u8]) -> Option<()> {
        let directory = words(directory);
        let count = usize::try_from(*directory.first()?).ok()?;
        let sizes = directory.get(1..)?.get(..count)?;
        self.blocks = directory.get(1 + count..)?.to_vec();
        let mut first = 0usize;
        self.streams.reserve(count);
        for &size in sizes {
            self.streams.push(Stream { size, first });
            let blocks = if size == NIL { 0 } else { self.blocks_of(size) as usize };
            first = first.checked_add(blocks)?;
        }
        (first <= self.blocks.len()).then_some(())
    }

    /// How many blocks hold `size` bytes.
    fn blocks_of(&self, size: u32) -> u32 {
        size.div_ceil(self.block_size)
    }

    /// Size of a stream; `None` if there is none of that number.
    pub fn size(&self, number: u16) -> Option<u32> {
        self.streams.get(usize::from(number)).map(|s| s.size).filter(|&size| size != NIL)
    }

    /// The first `limit` bytes of a stream, or all of it if it is shorter.
    ///
    /// *Errors*: why there is no such stream or not all of it, in words.
    pub fn stream(&mut self, number: u16, limit: u32) -> Result<Vec<u8>, String> {
        let stream = self.streams.get(usize::from(number)).copied().filter(|s| s.size != NIL);
        let stream = stream.ok_or_else(|| format!("there is no stream {number}"))?;
        let size = stream.size.min(limit);
        let blocks = self.blocks.get(stream.first..).unwrap_or_default();
        let count = self.blocks_of(size) as usize;
        let blocks =
            blocks.get(..count).ok_or_else(|| format!("the blocks of stream {number} are not listed"))?;
        let blocks = blocks.to_vec();
        self.gather(&blocks, size).map_err(|why| format!("stream {number}: {why}"))
    }

    /// Copies `size` bytes together from blocks.
    fn gather(&mut self, blocks: &[u32], size: u32) -> Result<Vec<u8>, String> {
        let left = self.budget.checked_sub(u64::from(size));
        self.budget = left.ok_or("the streams would be larger together than the file")?;
        // Not more than the budget, so never more than twice the file.
        let mut bytes = Vec::with_capacity(size as usize);
        let mut missing = size as usize;
        for &block in blocks {
            let len = missing.min(self.block_size as usize);
            let start = u64::from(block) * u64::from(self.block_size);
            let found = usize::try_from(start).ok().and_then(|start| self.file.get(start..)?.get(..len));
            bytes.extend_from_slice(
                found.ok_or_else(|| format!("block {block} is beyond the end of the file"))?,
            );
            missing -= len;
        }
        if missing > 0 {
            return Err(format!("{missing} bytes have no block"));
        }
        Ok(bytes)
    }
}

/// Length of the superblock up to the list of blocks that follows it.
const SUPERBLOCK: usize = 52;

struct Superblock {
    block_size: u32,
    directory_size: u32,
}

fn superblock(file: &[u8]) -> Option<Superblock> {
    let mut cursor = Cursor::new(file, Endian::Little, &[]).from(MAGIC.len() as u64)?;
    let block_size = cursor.u32()?;
    let _free_block_map = cursor.u32()?;
    let _block_count = cursor.u32()?;
    let directory_size = cursor.u32()?;
    let _unknown = cursor.u32()?;
    Some(Superblock { block_size, directory_size })
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().map(|word| u32::from_le_bytes(*word)).collect()
}

fn damaged(why: impl Into<String>) -> Refused {
    Refused::Damaged(why.into())
}

fn in_directory(why: &str) -> Refused {
    damaged(format!("its directory: {why}"))
}
