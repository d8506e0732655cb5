//! How long until an opening is everywhere: from the failing call on one instance until the last of
//! the others has changed its state.

use std::error::Error;
use std::thread;
use std::time::Duration;

use super::figures::{millis, quantile};
use super::instances::Instances;
use super::server::Store;

const ROUNDS: usize = 200;

pub(crate) fn report(store: &Store, number: usize) -> Result<(), Box<dyn Error>> {
    let mut instances = Instances::start(number, &store.url(), &format!("spread-{number}"))?;
    let (mut each, mut last) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let first = round % instances.len();
        instances.tell(first, "fail")?;
        let (_, begin) = instances.wait_for("failed", 1)?[0];
        let opened = instances.wait_for("open", number)?;
        let others = opened.iter().filter(|(index, _)| *index != first);
        let times: Vec<Duration> = others.map(|(_, at)| Duration::from_micros(at.saturating_sub(begin))).collect();
        last.extend(times.iter().max());
        each.extend(times);
        instances.tell(first, "reset")?;
        instances.wait_for("closed", number)?;
        // So that the limit on changes per second is never met.
        thread::sleep(Duration::from_millis(50));
    }
    let quantiles = |values: &mut [Duration]| [0.5, 0.99].map(|share| millis(quantile(values, share)));
    let ([each, each_99], [everywhere, everywhere_99]) = (quantiles(&mut each), quantiles(&mut last));
    println!(
        "{number} instances, {ROUNDS} openings: on another instance after {each:.2} ms (p99 {each_99:.2}), everywhere after \
         {everywhere:.2} ms (p99 {everywhere_99:.2})"
    );
    Ok(())
}
