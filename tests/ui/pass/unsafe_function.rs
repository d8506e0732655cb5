//! An `unsafe fn` stays one: its body may do what it may do without the attribute. (The tests of this workspace forbid `unsafe`.)

use breaker_box::circuit_breaker;

#[circuit_breaker(identifier = "unsafe")]
unsafe fn read(pointer: *const u32) -> Option<u32> {
    if pointer.is_null() {
        return None;
    }
    Some(unsafe { *pointer })
}

#[circuit_breaker(identifier = "foreign", fallback = |_| 0)]
unsafe extern "C" fn foreign(pointer: *const u32) -> u32 {
    unsafe { *pointer }
}

#[circuit_breaker(identifier = "later")]
async unsafe fn later(pointer: *const u32) -> Option<u32> {
    Some(unsafe { *pointer })
}

fn main() {
    assert_eq!(unsafe { read(&5) }, Some(5));
    assert_eq!(unsafe { read(std::ptr::null()) }, None);
    assert_eq!(unsafe { foreign(&5) }, 5);
    drop(unsafe { later(&5) });
}
