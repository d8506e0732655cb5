//! What `window = …` means where it is a constant, by its type.

use std::time::Duration;

use crate::policy::Window;

/// A constant that stands for a window. Methods of one name on several types are what a trait would
/// be, if traits had constant functions; the name is what a compiler shows that finds none.
#[derive(Clone, Copy, Debug)]
pub struct WindowOf<T>(pub T);

impl WindowOf<u32> {
    /// The last so many calls.
    #[must_use]
    pub const fn from_u32_or_duration(self) -> Window {
        Window::calls(self.0)
    }
}

impl WindowOf<Duration> {
    /// The calls of so long ago.
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
