//! What can take an item instead of the processor.

use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::mpsc;

/// A future that waits for room in a neutral wire. It returns false if waiting is of no use.
pub type Room<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// A destination for items while a circuit is open. It takes an item or hands it back, and never
/// blocks.
///
/// ```
/// # extern crate breaker_core as breaker_box;
/// use std::sync::Mutex;
/// use breaker_box::NeutralWire;
///
/// /// Keeps up to ten items.
/// struct Shelf(Mutex<Vec<u32>>);
///
/// impl NeutralWire<u32> for Shelf {
///     fn offer(&self, item: u32) -> Result<(), u32> {
///         let mut shelf = self.0.lock().unwrap();
///         if shelf.len() >= 10 {
///             return Err(item);
///         }
///         shelf.push(item);
///         Ok(())
///     }
/// }
/// assert_eq!(Shelf(Mutex::new(vec![0; 10])).offer(7), Err(7));
/// ```
pub trait NeutralWire<T>: Send + Sync {
    /// Takes the item, or hands it back.
    ///
    /// # Errors
    ///
    /// Returns the item if the wire cannot take it now.
    fn offer(&self, item: T) -> Result<(), T>;

    /// Waits until the wire may have room, and returns true; or returns false if waiting is of no
    /// use. By default it returns false at once.
    ///
    /// After true, the item is offered again. Another submission may have taken the room in the
    /// meantime; then this method is called again.
    fn room(&self) -> Room<'_> {
        Box::pin(ready(false))
    }
}

impl<T, F> NeutralWire<T> for F
where
    F: Fn(T) -> Result<(), T> + Send + Sync,
{
    fn offer(&self, item: T) -> Result<(), T> {
        self(item)
    }
}

impl<T: Send> NeutralWire<T> for mpsc::Sender<T> {
    fn offer(&self, item: T) -> Result<(), T> {
        self.send(item).map_err(|error| error.0)
    }
}

impl<T: Send> NeutralWire<T> for mpsc::SyncSender<T> {
    fn offer(&self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(|error| match error {
            mpsc::TrySendError::Full(item) | mpsc::TrySendError::Disconnected(item) => item,
        })
    }
}

#[cfg(feature = "tokio")]
impl<T: Send> NeutralWire<T> for tokio::sync::mpsc::Sender<T> {
    fn offer(&self, item: T) -> Result<(), T> {
        self.try_send(item).map_err(|error| match error {
            tokio::sync::mpsc::error::TrySendError::Full(item)
            | tokio::sync::mpsc::error::TrySendError::Closed(item) => item,
        })
    }

    fn room(&self) -> Room<'_> {
        // The reservation is released at once, and the item is then offered again. So no item waits
        // inside this future, where a dropped submission would lose it.
        Box::pin(async { self.reserve().await.is_ok() })
    }
}

#[cfg(feature = "tokio")]
impl<T: Send> NeutralWire<T> for tokio::sync::mpsc::UnboundedSender<T> {
    fn offer(&self, item: T) -> Result<(), T> {
        self.send(item).map_err(|error| error.0)
    }
}
