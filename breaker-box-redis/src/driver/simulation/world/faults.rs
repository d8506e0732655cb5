//! What goes wrong.

use super::{Event, World};
use crate::link::Input;

impl World {
    pub(crate) fn connect(&mut self, number: u32) -> Result<(), String> {
        if self.stalled > self.now {
            let wait = self.stalled - self.now;
            self.later(wait, Event::Connect { to: number });
            return Ok(());
        }
        self.note(|| format!("{number} connects"));
        self.with(number, |instance, now| {
            if instance.connection.is_some() {
                return Ok(());
            }
            instance.connections += 1;
            instance.connection = Some(instance.connections);
            instance.feed(Input::Connected, now)
        })?;
        Ok(())
    }

    pub(crate) fn disconnect(&mut self, number: u32) -> Result<(), String> {
        self.note(|| format!("{number} loses its connection"));
        let lost = self.with(number, |instance, now| {
            let had = instance.connection.take().is_some();
            if had {
                instance.feed(Input::Disconnected, now)?;
            }
            Ok(had)
        })?;
        if lost == Some(true) {
            let longest = if self.faulty { 4_000_000 } else { 1_000_000 };
            let wait = 100_000 + self.random.below(longest);
            self.later(wait, Event::Connect { to: number });
        }
        Ok(())
    }

    pub(crate) fn pause(&mut self, number: u32, micros: u64) {
        if let Some(instance) = self.instances.get_mut(&number).filter(|instance| !instance.paused) {
            instance.paused = true;
            self.note(|| format!("{number} is stopped for {micros} µs"));
            self.later(micros, Event::Resume { to: number });
        }
    }

    pub(crate) fn resume(&mut self, number: u32) -> Result<(), String> {
        self.note(|| format!("{number} goes on"));
        self.with(number, |instance, now| {
            instance.paused = false;
            while let Some(input) = instance.inbox.pop_front() {
                instance.feed(input, now)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    pub(crate) fn crash(&mut self, number: u32) {
        self.note(|| format!("{number} is killed"));
        self.instances.remove(&number);
        self.start();
    }

    pub(crate) fn flush(&mut self) {
        self.note(|| "the store loses everything".into());
        self.model.flush();
        self.lossy = true;
    }

    pub(crate) fn snapshot(&mut self) {
        self.snapshot = self.model.clone();
    }

    pub(crate) fn fail_over(&mut self) -> Result<(), String> {
        self.note(|| "a replica takes over, without the last writes".into());
        self.model = self.snapshot.clone();
        self.lossy = true;
        for number in self.instances.keys().copied().collect::<Vec<_>>() {
            self.disconnect(number)?;
        }
        Ok(())
    }

    pub(crate) fn stall(&mut self, micros: u64) {
        self.note(|| format!("the store is stopped for {micros} µs"));
        self.stalled = self.now + micros;
    }
}
