//! Functions of a block may be `unsafe`, and have names for the linker. (The tests of this workspace forbid `unsafe`.)

use breaker_box::circuit_breaker;

unsafe trait Memory {
    unsafe fn read(&self, pointer: *const u32) -> Option<u32>;
    unsafe extern "C" fn foreign(&self, pointer: *const u32) -> u32;
    async unsafe fn later(&self, pointer: *const u32) -> Option<u32>;
}

struct Main;

#[circuit_breaker(identifier = "memory.{fn}", fallback = |_| Default::default())]
unsafe impl Memory for Main {
    unsafe fn read(&self, pointer: *const u32) -> Option<u32> {
        Some(unsafe { *pointer })
    }

    unsafe extern "C" fn foreign(&self, pointer: *const u32) -> u32 {
        unsafe { *pointer }
    }

    async unsafe fn later(&self, pointer: *const u32) -> Option<u32> {
        Some(unsafe { *pointer })
    }
}

#[circuit_breaker(identifier = "main.{fn}")]
impl Main {
    #[unsafe(no_mangle)]
    extern "C" fn breaker_box_block(&self) -> Option<&u32> {
        Some(&5)
    }
}

fn main() {
    assert_eq!(unsafe { Main.read(&5) }, Some(5));
    assert_eq!(unsafe { Main.foreign(&5) }, 5);
    drop(unsafe { Main.later(&5) });
    assert_eq!(Main.breaker_box_block(), Some(&5));
}
