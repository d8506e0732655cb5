//! Five thousand circuits.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::browser::{Browser, Look, PATIENCE};
use crate::service::Service;

/// Scrolls through the whole list for four seconds and notes how long each frame took.
const SCROLL: &str = "
    window.frames = null;
    window.rowsSeen = 0;
    const frames = [];
    const began = performance.now();
    let before = began;
    const step = (time) => {
      frames.push(time - before);
      before = time;
      window.rowsSeen = Math.max(window.rowsSeen, document.querySelectorAll('.rows .row').length);
      const part = (performance.now() - began) / 4000;
      scrollTo(0, (document.documentElement.scrollHeight - innerHeight) * Math.min(part, 1));
      // At least a few frames, even on a busy machine.
      if (part < 1 || frames.length < 8) requestAnimationFrame(step);
      else window.frames = frames.slice(1).sort((a, b) => a - b);
    };
    requestAnimationFrame(step);";

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_circuits_have_no_more_rows_than_fit_the_screen() {
    let service = Service::start(5_000);
    let browser = Browser::open(Look::DESKTOP, &service.url()).await;
    browser.until_text("#count", "5,000 circuits").await;
    let before = browser.work().await;
    browser.run(SCROLL).await;
    let frames = browser.until("all was scrolled through", "return window.frames").await;
    let frames: Vec<_> = frames.as_array().unwrap().iter().map(|frame| frame.as_f64().unwrap()).collect();
    let at = |percent: usize| frames[(frames.len() - 1) * percent / 100];
    println!(
        "{} frames: half within {:.1} ms, 95 % within {:.1} ms, the longest {:.1} ms",
        frames.len(),
        at(50),
        at(95),
        at(100)
    );
    let after = browser.work().await;
    let count = f64::from(u32::try_from(frames.len()).unwrap());
    for work in ["ScriptDuration", "LayoutDuration", "RecalcStyleDuration"] {
        let milliseconds = (after[work] - before[work]) * 1_000.0;
        println!("{work}: {:.2} ms for each of {} frames", milliseconds / count, frames.len());
    }
    let heap = after["JSHeapUsedSize"] / 1e6;
    println!("{heap:.1} MB of script memory");
    let rows = browser.run("return window.rowsSeen").await.as_u64().unwrap();
    assert!(rows < 40, "{rows} rows");
    browser.until("the last circuit is on screen", "return [...document.querySelectorAll('.rows .row')].some((row) => row.getAttribute('aria-rowindex') === '5001')").await;
    let (first, change) = bytes_of_messages(&service);
    println!("{first} bytes of the snapshot, then {change} bytes for each delta");
    // Each circuit is called about five times a second. If deltas were snapshots, they would be
    // equally large.
    assert!(change < first / 4, "{change} bytes of a delta, {first} of the snapshot");
}

/// The size of the snapshot, and of the delta of a second as the mean of five.
fn bytes_of_messages(service: &Service) -> (usize, usize) {
    const MESSAGES: usize = 5;
    const CHANGE: &[u8] = b"event: delta\n";
    let mut line = TcpStream::connect(service.address).unwrap();
    // A feed that stops sending fails here instead of hanging.
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    line.write_all(b"GET /ops/circuits/api/v1/feed HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let (mut text, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    let (mut changes, mut searched) = (Vec::new(), 0);
    while changes.len() <= MESSAGES {
        let count = line.read(&mut buffer).unwrap();
        assert!(count > 0, "the feed goes on");
        text.extend_from_slice(&buffer[..count]);
        changes.extend((searched..text.len()).filter(|&at| text[at..].starts_with(CHANGE)));
        // The start of a message may have arrived only in part.
        searched = text.len().saturating_sub(CHANGE.len() - 1).max(changes.last().map_or(0, |last| last + 1));
    }
    (changes[0], (changes[MESSAGES] - changes[0]) / MESSAGES)
}
