//! Pages that are open: each gets what is told through a short queue, and one that does not keep up gets everything anew later.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use futures_core::Stream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Messages that wait for one viewer at the most. They are shared by all viewers, so they cost a pointer each.
const WAITING: usize = 8;

/// A viewer that has taken nothing for so long is gone, or its line is.
const PATIENCE: Duration = Duration::from_secs(30);

/// The keeper's side of all open pages.
#[derive(Debug, Default)]
pub(crate) struct Viewers(Vec<Viewer>);

#[derive(Debug)]
struct Viewer {
    queue: mpsc::Sender<Bytes>,
    /// Since when it has missed a message; everything is sent anew once its queue is empty.
    behind: Option<Instant>,
}

/// What an open page reads.
#[derive(Debug)]
pub(crate) struct Feed {
    queue: mpsc::Receiver<Bytes>,
    /// Its place among the viewers, free again when the connection is gone.
    _place: OwnedSemaphorePermit,
}

impl Viewers {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn add(&mut self, queue: mpsc::Sender<Bytes>) {
        self.0.push(Viewer { queue, behind: Some(Instant::now()) });
    }

    /// Queues a message for all who keep up.
    pub(crate) fn tell(&mut self, message: &Bytes, now: Instant) {
        for viewer in self.0.iter_mut().filter(|viewer| viewer.behind.is_none()) {
            if viewer.queue.try_send(message.clone()).is_err() {
                viewer.behind = Some(now);
            }
        }
    }

    /// Queues everything for those who have caught up or are new, and lets go of those who are gone.
    pub(crate) fn catch_up(&mut self, now: Instant, everything: impl FnOnce() -> Bytes) {
        self.0.retain(|viewer| {
            let lost = viewer.behind.is_some_and(|since| now.saturating_duration_since(since) > PATIENCE);
            !viewer.queue.is_closed() && !lost
        });
        let ready = |viewer: &Viewer| viewer.behind.is_some() && viewer.queue.capacity() == WAITING;
        if self.0.iter().any(ready) {
            let everything = everything();
            for viewer in self.0.iter_mut().filter(|viewer| ready(viewer)) {
                viewer.behind = viewer.queue.try_send(everything.clone()).err().map(|_| now);
            }
        }
    }
}

impl Feed {
    /// A new feed, and the side that the keeper writes to.
    pub(crate) fn new(place: OwnedSemaphorePermit) -> (mpsc::Sender<Bytes>, Self) {
        let (sender, queue) = mpsc::channel(WAITING);
        (sender, Self { queue, _place: place })
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.queue.poll_recv(context).map(|message| message.map(Ok))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;

    use super::*;

    fn feed() -> (Viewers, Feed) {
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let (sender, feed) = Feed::new(place);
        let mut viewers = Viewers::default();
        viewers.add(sender);
        (viewers, feed)
    }

    fn take(feed: &mut Feed) -> Vec<Bytes> {
        std::iter::from_fn(|| feed.queue.try_recv().ok()).collect()
    }

    #[test]
    fn a_viewer_gets_everything_first_and_then_what_is_told() {
        let ((mut viewers, mut feed), now) = (feed(), Instant::now());
        viewers.tell(&"early".into(), now);
        viewers.catch_up(now, || "everything".into());
        viewers.tell(&"news".into(), now);
        assert_eq!(take(&mut feed), ["everything", "news"]);
    }

    #[test]
    fn one_that_does_not_read_costs_a_few_messages_and_gets_everything_when_it_reads_again() {
        let ((mut viewers, mut feed), now) = (feed(), Instant::now());
        viewers.catch_up(now, || "everything".into());
        for _ in 0..10_000 {
            viewers.tell(&"news".into(), now);
            viewers.catch_up(now, || panic!("it has not caught up"));
        }
        assert_eq!(take(&mut feed).len(), WAITING);
        viewers.catch_up(now, || "everything anew".into());
        viewers.tell(&"news".into(), now);
        assert_eq!(take(&mut feed), ["everything anew", "news"]);
    }

    #[test]
    fn one_that_is_gone_or_never_reads_is_let_go() {
        let ((mut viewers, feed), now) = (feed(), Instant::now());
        viewers.catch_up(now, || "everything".into());
        for _ in 0..=WAITING {
            viewers.tell(&"news".into(), now);
        }
        viewers.catch_up(now + PATIENCE, || "unused".into());
        assert!(!viewers.is_empty(), "there is still patience");
        viewers.catch_up(now + PATIENCE + Duration::from_nanos(1), || "unused".into());
        assert!(viewers.is_empty());
        drop(feed);

        let (mut viewers, feed) = self::feed();
        drop(feed);
        viewers.catch_up(now, || "unused".into());
        assert!(viewers.is_empty());
    }
}
