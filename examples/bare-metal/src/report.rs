//! What a program tells of itself.

use cortex_m_semihosting::hprintln;

unsafe extern "C" {
    // Where code and constants begin and end, by cortex-m-rt's linker script.
    static __stext: u8;
    static __etext: u8;
    static __srodata: u8;
    static __erodata: u8;
}

/// Prints the size of the program: `flash CODE CONSTANTS`, in bytes.
pub fn flash() {
    let len = |start: *const u8, end: *const u8| end.addr() - start.addr();
    let code = len(&raw const __stext, &raw const __etext);
    let constants = len(&raw const __srodata, &raw const __erodata);
    hprintln!("flash {} {}", code, constants);
}

/// Prints the stack that it took to read the reply in chunks: `stack CHUNK BYTES`.
pub fn stack(chunk: usize, bytes: usize) {
    hprintln!("stack {} {}", chunk, bytes);
}

/// Prints what was read.
pub fn reply(text: &str) {
    hprintln!("reply {}", text);
}
