//! Where a name stands in the catalogue's table: the same for the program that makes the table and for who reads it.
//!
//! Hash and displace: a name's hash tells its bucket, the bucket's displacement tells its slot. The program chose the
//! displacements so that no two names share a slot, so a look-up compares one name at most, whoever made the name up.

/// A hash of a name, as an exact one or as a prefix.
#[inline]
pub(crate) const fn hash(name: &[u8], is_prefix: bool) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut hash = (name.len() as u64) << 1 | is_prefix as u64;
    let mut rest = name;
    while let Some((word, after)) = rest.split_first_chunk() {
        hash = mix(hash, u64::from_le_bytes(*word));
        rest = after;
    }
    let mut last = 0;
    while let Some((byte, before)) = rest.split_last() {
        last = last << 8 | *byte as u64;
        rest = before;
    }
    hash = mix(hash, last);
    (hash ^ hash >> 32).wrapping_mul(FACTOR)
}

const fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0xff51_afd7_ed55_8ccd)
}

/// So many slots for each bucket.
pub(crate) const SLOTS_OF_BUCKET: usize = 4;

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
