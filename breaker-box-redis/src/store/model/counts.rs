//! Windows over the fleet.

use super::Call;
use super::keyspace::{Bucket, Id, Kind};
use crate::protocol::{Sums, Tallied};
use crate::store::bounds;

impl Call<'_> {
    pub(super) fn count(&mut self, tallied: &Tallied) -> Sums {
        let (me, now) = (self.me, self.now);
        let width = bounds::bucket(tallied.window);
        let number = now / width;
        let more = [tallied.calls, tallied.failures, tallied.slow].map(bounds::calls);
        let id = Id::of(Kind::Window(width), &tallied.name);
        let window = self.shard.keys.window(id.clone());
        let mut sums = more;
        for bucket in window.iter().filter(|bucket| bucket.number <= number && bucket.number + 10 > number) {
            add(&mut sums, bucket.counts);
        }
        let contributors = Id::of(Kind::Contributors(width), &tallied.name);
        if more.iter().sum::<u64>() > 0 {
            let this = &mut window[usize::try_from(number % 10).expect("a digit")];
            if this.number != number {
                *this = Bucket { number, counts: [0; 3] };
            }
            add(&mut this.counts, more);
            let keys = &mut self.shard.keys;
            keys.expire_in(&id, 20 * width, now);
            let instances = keys.scores(contributors.clone());
            instances.insert(me.into(), now + 10 * width);
            instances.retain(|_, until| *until > now);
            keys.expire_in(&contributors, 20 * width, now);
        }
        let instances = self.shard.keys.scores(contributors).values().filter(|until| **until > now).count();
        let instances = u32::try_from(instances).expect("few instances");
        Sums { calls: sums[0], failures: sums[1], slow: sums[2], instances }
    }
}

fn add(sums: &mut [u64; 3], more: [u64; 3]) {
    for (sum, more) in sums.iter_mut().zip(more) {
        *sum += more;
    }
}
