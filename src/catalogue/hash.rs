//! Where a name stands in the catalogue's table: the same for the program that makes the table and for who reads it.
//!
//! Hash and displace: a name's hash tells its bucket, the bucket's displacement tells its slot. The program chose the
//! displacements so that no two names share a slot, so a look-up compares one name at most, whoever made the name up.

/// The heads of names, their first two bytes, for which the lengths of prefixes are kept.
pub(crate) const HEADS: usize = 512;

/// A hash of a name, as an exact one or as a prefix.
#[inline]
pub(crate) fn hash(name: &[u8], is_prefix: bool) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut words = name.chunks_exact(8);
    let mut hash = (name.len() as u64) << 1 | u64::from(is_prefix);
    for word in &mut words {
        hash = mix(hash, word.iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    }
    hash = mix(hash, words.remainder().iter().rev().fold(0, |all, byte| all << 8 | u64::from(*byte)));
    (hash ^ hash >> 32).wrapping_mul(FACTOR)
}

const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// The bucket of a hash, of so many; a power of two.
#[inline]
pub(crate) const fn bucket(hash: u64, buckets: usize) -> usize {
    (hash >> 44) as usize & (buckets - 1)
}

/// The slot of a hash under a displacement, of so many; a power of two.
#[inline]
pub(crate) const fn slot(hash: u64, displacement: u8, slots: usize) -> usize {
    // An odd step reaches every slot.
    let step = (hash >> 20) as usize | 1;
    (hash as usize).wrapping_add(step.wrapping_mul(displacement as usize)) & (slots - 1)
}

/// The place of a head.
#[inline]
pub(crate) const fn head(first: u8, second: u8) -> usize {
    (first as usize * 37 + second as usize) % HEADS
}
