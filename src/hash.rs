//! A hash of bytes that is the same on every machine and in every version of the program.

/// FNV-1a of 64 bits (Fowler, Noll and Vo). Tells changes apart, not attacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hash(u64);

impl Hash {
    /// The hash of no bytes.
    pub fn new() -> Hash {
        Hash(0xcbf2_9ce4_8422_2325)
    }

    /// Appends bytes.
    pub fn add(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        }
    }

    /// The hash of all bytes so far.
    pub fn value(&self) -> u64 {
        self.0
    }

    /// The hash of `bytes`.
    pub fn of(bytes: &[u8]) -> u64 {
        let mut hash = Hash::new();
        hash.add(bytes);
        hash.value()
    }
}

impl Default for Hash {
    fn default() -> Hash {
        Hash::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_its_definition() {
        // The test vectors of the algorithm's authors.
        assert_eq!(Hash::of(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(Hash::of(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(Hash::of(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
