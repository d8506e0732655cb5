//! A connection that is made again whenever it is lost.

use std::sync::Arc;

use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::connect::{Channels, connect};
use super::lost::Lost;
use super::mailbox::{Event, Mailbox};
use super::random::Random;
use crate::endpoint::Endpoint;

/// A connection, by its number, and what it is for.
pub(super) struct Line {
    pub(super) number: usize,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) channels: Channels,
    /// The hash tag of its shard, which tells the node in a cluster.
    pub(super) tag: String,
}

/// Connects, and connects again, for ever. The mailbox hears of it.
pub(super) async fn keep_connected(line: Line, mailbox: Arc<Mailbox>, random: Random) {
    let Line { number, endpoint, channels, tag } = line;
    let mut backoff = Backoff::new(random);
    loop {
        let lost = Lost::default();
        let receiver = Arc::clone(&mailbox);
        let receive = move |channel, payload| receiver.message(number, channel, payload);
        match connect(&endpoint, &tag, &channels, &lost, receive).await {
            Ok(connection) => {
                let since = Instant::now();
                mailbox.put(Event::Connected { line: number, connection, lost: lost.clone() });
                let problem = lost.wait().await;
                mailbox.put(Event::Disconnected { line: number, problem });
                backoff.connected(since.elapsed());
            }
            Err(problem) => mailbox.put(Event::Failed { problem }),
        }
        sleep(backoff.next()).await;
    }
}
