//! A histogram of times in constant memory, with buckets as those of HdrHistogram: each power of two is cut into equal parts, so that every
//! bucket is off by the same share of what it holds, whatever its size.

use callgate_system::Nanoseconds;

/// Each power of two has so many buckets, as a power of two: what a quantile tells is at most 1/32 beside the truth.
const PARTS: u32 = 4;

/// Times below have buckets of their own.
const EXACT: u64 = 1 << PARTS;

const BUCKETS: usize = (EXACT as usize) * (u64::BITS - PARTS + 1) as usize;

/// How often times of about the same length came.
#[derive(Clone)]
pub(super) struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    total: u64,
    least: Nanoseconds,
    most: Nanoseconds,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), total: 0, least: Nanoseconds::MAX, most: 0 }
    }
}

impl Histogram {
    #[inline]
    pub(super) fn add(&mut self, time: Nanoseconds) {
        self.counts[bucket(time)] += 1;
        self.total += 1;
        self.least = self.least.min(time);
        self.most = self.most.max(time);
    }

    /// The shortest time; none where there was none.
    pub(super) fn least(&self) -> Option<Nanoseconds> {
        (self.total > 0).then_some(self.least)
    }

    /// The longest time; 0 where there was none.
    pub(super) fn most(&self) -> Nanoseconds {
        self.most
    }

    /// The time that so many in a thousand don't exceed, at most 1/32 beside the truth; 0 where there was none.
    pub(super) fn quantile(&self, thousandths: u64) -> Nanoseconds {
        let wanted = (u128::from(self.total) * u128::from(thousandths)).div_ceil(1000).max(1);
        let mut seen = 0_u128;
        let place = self.counts.iter().position(|count| {
            seen += u128::from(*count);
            seen >= wanted
        });
        place.map_or(0, |place| middle(place).clamp(self.least, self.most))
    }
}

/// The bucket of a time.
#[inline]
fn bucket(time: Nanoseconds) -> usize {
    let power = (time | EXACT).ilog2() - PARTS;
    // Below twice the exact times, the power is 0.
    (power as usize) * (EXACT as usize) + (time >> power) as usize
}

/// The time in the middle of a bucket.
fn middle(bucket: usize) -> Nanoseconds {
    let bucket = bucket as u64;
    if bucket < 2 * EXACT {
        return bucket;
    }
    let power = bucket / EXACT - 1;
    let low = (bucket % EXACT + EXACT) << power;
    low + (1 << power >> 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_bucket_near_it() {
        let powers = (0..u64::BITS).map(|power| 1_u64 << power);
        let times = powers.flat_map(|power| [power - 1, power, power + power / 3, power + (power - 1)]);
        for time in times.chain([0, u64::MAX]) {
            let near = middle(bucket(time));
            assert!(near.abs_diff(time) <= time / 32, "{time}: {near}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
        let places = (0..100_000).map(bucket);
        assert!(places.clone().zip(places.skip(1)).all(|(one, next)| next == one || next == one + 1));
    }

    #[test]
    fn quantiles() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(500), histogram.least(), histogram.most()), (0, None, 0));
        (1..=1000).for_each(|time| histogram.add(time * 1000));
        for (thousandths, time) in [(500, 500_000_u64), (990, 990_000), (1000, 1_000_000), (0, 1000)] {
            let told = histogram.quantile(thousandths);
            assert!(told.abs_diff(time) <= time / 32, "{thousandths}: {told}");
        }
        assert_eq!((histogram.least(), histogram.most()), (Some(1000), 1_000_000));
    }

    /// A single time is told as it was.
    #[test]
    fn no_quantile_is_beyond_what_came() {
        let mut histogram = Histogram::default();
        histogram.add(1_234_567);
        assert_eq!((histogram.quantile(500), histogram.quantile(990)), (1_234_567, 1_234_567));
    }
}
