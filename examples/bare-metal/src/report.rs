//! Prints the figures of a program.

use cortex_m_semihosting::hprintln;

unsafe extern "C" {
    // The start and the end of code and constants, from cortex-m-rt's linker script.
    static __stext: u8;
    static __etext: u8;
    static __srodata: u8;
    static __erodata: u8;
    // The start and the end of the memory for statics.
    static __sdata: u8;
    static __ebss: u8;
}

/// Prints the size of the program in bytes: `flash CODE CONSTANTS`.
pub fn flash() {
    let len = |start: *const u8, end: *const u8| end.addr() - start.addr();
    let code = len(&raw const __stext, &raw const __etext);
    let constants = len(&raw const __srodata, &raw const __erodata);
    hprintln!("flash {} {}", code, constants);
}

/// Prints the bytes of stack that were used to read the reply in chunks: `stack CHUNK BYTES`.
pub fn stack(chunk: usize, bytes: usize) {
    hprintln!("stack {} {}", chunk, bytes);
}

/// Prints the bytes of memory for statics, except the heap: `statics BYTES`.
pub fn statics(heap: usize) {
    let end = (&raw const __ebss).addr();
    hprintln!("statics {}", end - (&raw const __sdata).addr() - heap);
}

/// Prints the most bytes of heap that a part of the program used: `heap PART BYTES`.
pub fn heap(part: &str, bytes: usize) {
    hprintln!("heap {} {}", part, bytes);
}

/// Prints the text of the reply.
pub fn reply(text: &str) {
    hprintln!("reply {}", text);
}
