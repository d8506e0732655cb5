//! Connections come and go, and answers with them.

use std::time::Duration;

use super::Link;
use super::input::{Failure, RequestId};
use super::output::{Note, Output};
use super::request::{Purpose, Sent};
use super::shard::{Continuity, Shard};
use crate::protocol::{Answer, AnswerBody, BATCH, Body, Head, Name, Version};

/// How long to wait after a request that came to nothing; doubled each time, up to the limit.
const RETRY: Duration = Duration::from_millis(100);
const RETRY_LIMIT: Duration = Duration::from_secs(5);

impl Link {
    /// The new connection is subscribed already, so nothing is missed between the reading and the
    /// first message.
    pub(super) fn connect(&mut self) {
        if self.connected {
            self.disconnect();
        }
        self.connected = true;
        self.stay_held();
        for number in 0..self.settings.shards.max(1) {
            let now = self.now;
            let shard = self.shard(number);
            shard.answered = now;
            shard.failures = 0;
            shard.write_at = None;
            shard.beat_at = Some(now);
            shard.unsure = shard.was_read;
            self.read(number);
        }
    }

    pub(super) fn disconnect(&mut self) {
        if !self.connected {
            return;
        }
        self.connected = false;
        self.cut_off = self.now;
        for shard in &mut self.shards {
            shard.current = false;
            shard.reading = None;
            shard.again = false;
            shard.read_at = None;
            shard.beat_at = None;
        }
        for (id, sent) in std::mem::take(&mut self.requests) {
            self.unanswered_request(id, sent, Failure::Lost);
        }
        self.write_at = None;
        self.hold_until_release();
    }

    pub(super) fn answered(&mut self, id: RequestId, answer: Result<Answer, Failure>) {
        let Some(sent) = self.requests.remove(&id) else { return };
        match answer {
            Ok(answer) => self.answer(id, sent, answer),
            Err(failure) => {
                if failure != Failure::Lost {
                    // It is there, though it refuses.
                    self.shard(sent.shard).answered = self.now;
                }
                if failure == Failure::ReadOnly {
                    self.outputs.push(Output::Reconnect);
                }
                self.postpone(sent.shard);
                self.unanswered_request(id, sent, failure);
            }
        }
    }

    /// Waits before the next attempt.
    fn postpone(&mut self, number: u16) {
        let now = self.now;
        let shard = &mut self.shards[usize::from(number)];
        shard.failures = shard.failures.saturating_add(1);
        let longest = RETRY.saturating_mul(1 << shard.failures.min(10)).min(RETRY_LIMIT);
        let wait = longest / 2 + self.random.up_to(longest / 2);
        self.shard(number).write_at = Some(now + wait);
    }

    fn unanswered_request(&mut self, id: RequestId, sent: Sent, failure: Failure) {
        match sent.purpose {
            Purpose::Read => self.reading_failed(sent.shard, id),
            Purpose::Propose(names) => self.unanswered(id, &names),
            Purpose::Lease { name, .. } => self.lease_unanswered(&name, id),
            Purpose::Release(name) => self.lease_returned(&name, id),
            // What was counted is lost, and what probes reported: counted twice would be worse.
            Purpose::Report(_) | Purpose::Count(_) | Purpose::Other => {}
            Purpose::Beat if failure == Failure::Malformed => {}
            Purpose::Beat => self.beat_failed(sent.shard),
        }
    }

    fn answer(&mut self, id: RequestId, sent: Sent, answer: Answer) {
        let (number, now) = (sent.shard, self.now);
        let shard = self.shard(number);
        shard.answered = now;
        shard.failures = 0;
        shard.write_at = None;
        shard.clock.observe(answer.head.now, sent.at, now);
        let written = shard.clock.own(answer.head.now, sent.at, now);
        self.look_at_head(number, &answer.head, &sent);
        match (sent.purpose, answer.body) {
            (Purpose::Read, AnswerBody::Records { records, more }) => {
                self.records(number, id, answer.head.version, records, more, written);
            }
            (Purpose::Beat, AnswerBody::Alive { instances, missing }) => {
                self.alive(number, answer.head.version, instances, &missing);
            }
            (Purpose::Propose(names), AnswerBody::Proposed(verdicts)) => {
                self.verdicts(id, number, &names, verdicts, written);
            }
            (Purpose::Lease { name, version }, AnswerBody::Lease(lease)) => {
                self.lease(&name, id, version, lease, sent.at, written);
            }
            (Purpose::Release(name), AnswerBody::Done) => self.lease_returned(&name, id),
            (Purpose::Report(name), AnswerBody::Reported(verdict)) => self.reported(number, &name, verdict, written),
            (Purpose::Count(names), AnswerBody::Counted(sums)) => self.sums(&names, &sums),
            (purpose, _) => {
                let sent = Sent { purpose, ..sent };
                self.unanswered_request(id, sent, Failure::Malformed);
            }
        }
    }

    /// Whether the store still has what it had.
    fn look_at_head(&mut self, number: u16, head: &Head, sent: &Sent) {
        let shard = self.shard(number);
        match shard.continuity(head, sent.seen, sent.epoch) {
            Continuity::Stale => {}
            Continuity::Same => {
                shard.epoch = Some(head.epoch);
                if matches!(sent.purpose, Purpose::Read) && std::mem::take(&mut shard.unsure) {
                    // Versions are times: a higher one does not prove that what was seen is still
                    // there. Nor does an equal one, if a record above it was written here.
                    if head.version != sent.seen || head.version < shard.highest {
                        self.start_over(number);
                    }
                }
            }
            Continuity::Lost => {
                shard.epoch = Some(head.epoch);
                self.outputs.push(Output::Note(Note::DataLost { shard: number }));
                self.start_over(number);
            }
        }
    }

    /// Reads all that there is; what is missing then is written again.
    fn start_over(&mut self, number: u16) {
        let shard = self.shard(number);
        shard.unsure = false;
        shard.is_doubtful = false;
        (shard.seen, shard.highest) = (Version(0), Version(0));
        shard.round = shard.round.wrapping_add(1);
        shard.rebuilds = true;
        shard.current = false;
        // A reading that is under way did not start from the beginning.
        shard.reading = None;
        self.read(number);
    }

    pub(super) fn shard(&mut self, number: u16) -> &mut Shard {
        &mut self.shards[usize::from(number)]
    }

    /// Gives back what the store has for this instance.
    pub(super) fn leave(&mut self) {
        self.file();
        self.left = true;
        if !self.connected {
            return;
        }
        let mut names: Vec<Name> = self.entries.voted().chain(self.entries.with_probes()).cloned().collect();
        // An order that was given last goes first. Votes among it are withdrawn right after.
        for number in 0..self.settings.shards.max(1) {
            names.extend(self.entries.queue(number).cloned());
        }
        self.write();
        for number in 0..self.settings.shards.max(1) {
            let here = |name: &&Name| self.entries.get(name).is_some_and(|entry| entry.shard == number);
            let names: Vec<Name> = names.iter().filter(here).cloned().collect();
            let mut batches: Vec<Vec<Name>> = names.chunks(BATCH).map(<[Name]>::to_vec).collect();
            if batches.is_empty() {
                batches.push(Vec::new());
            }
            for names in batches {
                self.send(number, Purpose::Other, Body::Leave { names });
            }
        }
    }
}
