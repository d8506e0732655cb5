//! More records than fit into one answer.

use std::time::Duration;

use super::real::{Real, name, order};
use crate::protocol::{AnswerBody, BATCH, Body, PAGE, Proposal, Record, Verdict, Version};

impl Real {
    /// Writes this many batches of records. Returns them in their order.
    fn fill(&mut self, batches: usize) -> Vec<Record> {
        let circuit = |batch: usize| move |number: usize| order(&format!("c{batch}.{number}"));
        let batch = |batch| (0..BATCH).map(circuit(batch)).collect::<Vec<Proposal>>();
        let verdicts = (0..batches).flat_map(|at| self.propose(&batch(at)));
        let record = |verdict| match verdict {
            Verdict::Applied(record) => record,
            other => panic!("{other:?}"),
        };
        verdicts.map(record).collect()
    }

    fn page(&mut self, after: Version) -> (Vec<Version>, bool) {
        match self.ask(Body::Read { after }) {
            AnswerBody::Records { records, more } => (records.iter().map(|(_, record)| record.version).collect(), more),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn records_are_read_page_by_page_without_those_that_are_gone() {
    let mut real = Real::start();
    let records = real.fill(20);
    let versions: Vec<Version> = records.iter().map(|record| record.version).collect();
    let (first, more) = real.page(Version(0));
    assert!(more);
    assert_eq!(first, versions[..PAGE]);
    let (second, more) = real.page(*first.last().unwrap());
    assert!(more);
    assert_eq!(second, versions[PAGE..2 * PAGE]);
    let (third, more) = real.page(*second.last().unwrap());
    assert!(!more);
    assert_eq!(third, versions[2 * PAGE..]);

    // Exactly a page is left, and then there is no more.
    let gone = versions.len() - PAGE;
    for at in 0..gone {
        let _: i64 = real.command(&format!("DEL key:c:c{}.{}", at / BATCH, at % BATCH));
    }
    let (only, more) = real.page(Version(0));
    assert!(!more);
    assert_eq!(only, versions[gone..]);
    let listed: usize = real.command("ZCARD key:idx");
    assert_eq!(listed, PAGE);
}

#[test]
fn beats_clean_more_after_many_records_have_expired() {
    let mut real = Real::start();
    real.fill(4);
    for at in 0..3 * BATCH {
        let _: i64 = real.command(&format!("DEL key:c:c{}.{}", at / BATCH, at % BATCH));
    }
    // Eight at a time would take 32. They may begin anywhere in the index.
    for _ in 0..BATCH / 8 + 3 {
        real.ask(Body::Beat { within: Duration::from_secs(9), held: Vec::new() });
    }
    let listed: usize = real.command("ZCARD key:idx");
    assert_eq!(listed, BATCH);
}

#[test]
fn beats_clean_the_index() {
    let mut real = Real::start();
    real.fill(2);
    for at in 0..2 * BATCH {
        if at % 3 > 0 {
            let _: i64 = real.command(&format!("DEL key:c:c{}.{}", at / BATCH, at % BATCH));
        }
    }
    for _ in 0..=2 * BATCH / 8 {
        real.ask(Body::Beat { within: Duration::from_secs(9), held: vec![name("c0.0")] });
    }
    let listed: usize = real.command("ZCARD key:idx");
    assert_eq!(listed, (2 * BATCH).div_ceil(3));
}
