//! The meaning of `window = …` for a constant, by its type.

use std::time::Duration;

use crate::policy::Window;

/// A constant that stands for a window. Methods of one name on several types replace a trait with
/// constant functions, which Rust does not have. The compiler shows the name if it finds no such
/// method.
#[derive(Clone, Copy, Debug)]
pub struct WindowOf<T>(pub T);

impl WindowOf<u32> {
    /// A window of this many calls.
    #[must_use]
    pub const fn from_u32_or_duration(self) -> Window {
        Window::calls(self.0)
    }
}

impl WindowOf<Duration> {
    /// A window of this length.
    #[must_use]
    pub const fn from_u32_or_duration(self) -> Window {
        Window::time(self.0)
    }
}

impl WindowOf<Window> {
    /// The window itself.
    #[must_use]
    pub const fn from_u32_or_duration(self) -> Window {
        self.0
    }
}
