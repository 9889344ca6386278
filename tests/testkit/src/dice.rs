//! Choices that follow from a seed.

/// SplitMix64: small, fast, and the same everywhere. Source: Steele, Lea, Flood, "Fast splittable pseudorandom number
/// generators", 2014.
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream that belongs to `seed` and `part`, which differ in each of the two.
    pub fn new(seed: u64, part: u64) -> Dice {
        let mut dice = Dice(seed);
        let start = dice.roll() ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Dice(start)
    }

    /// 64 random bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both possible.
    pub fn between(&mut self, least: usize, most: usize) -> usize {
        let span = most.saturating_sub(least) as u64 + 1;
        least + (self.roll() % span) as usize
    }
}
