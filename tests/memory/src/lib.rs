//! An allocator that looks at what it is given back and counts what it gives
//! out. It is a crate of its own because the others forbid `unsafe`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// The system's allocator, watched. Make it the `#[global_allocator]` of a test
/// that has its process to itself.
pub struct Watched {
    needle: [u8; 16],
    found: AtomicUsize,
    allocations: AtomicUsize,
    bytes: AtomicUsize,
    peak: AtomicUsize,
}

impl Watched {
    /// Looks for `needle` in each block that is freed.
    pub const fn new(needle: [u8; 16]) -> Self {
        Self {
            needle,
            found: AtomicUsize::new(0),
            allocations: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
        }
    }

    /// How many blocks had the needle in them when they were freed, since the
    /// last time that this was asked.
    pub fn take_found(&self) -> usize {
        self.found.swap(0, Relaxed)
    }

    /// How many blocks were given out so far.
    pub fn allocations(&self) -> usize {
        self.allocations.load(Relaxed)
    }

    /// How many bytes are given out.
    pub fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// The most bytes that were given out at once since this was last asked.
    pub fn take_peak(&self) -> usize {
        self.peak.swap(self.bytes(), Relaxed)
    }

    fn given(&self, size: usize) {
        self.allocations.fetch_add(1, Relaxed);
        let bytes = self.bytes.fetch_add(size, Relaxed) + size;
        self.peak.fetch_max(bytes, Relaxed);
    }

    fn taken(&self, block: &[u8]) {
        self.bytes.fetch_sub(block.len(), Relaxed);
        if block
            .windows(self.needle.len())
            .any(|part| part == self.needle)
        {
            self.found.fetch_add(1, Relaxed);
        }
    }
}

// SAFETY: every block comes from the system's allocator and goes back to it with
// the layout that it was asked for. Moving a block is left to the default
// `realloc`, which frees the old one here.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.given(layout.size());
        // SAFETY: the caller's promise is passed on. Zeroed, so that all of a
        // block may be read when it comes back.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block is the caller's to give back, `layout.size()` bytes
        // long, and was zeroed when it was given out.
        self.taken(unsafe { std::slice::from_raw_parts(block, layout.size()) });
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(block, layout) }
    }
}
