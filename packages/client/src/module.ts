/**
 * A WebAssembly module that the package carries, and calls of it.
 *
 * It is carried as text, compressed: so every bundler, server and worker finds it without a
 * setting, and gzip on the way makes it as small as the module itself.
 */

/** The functions that each module has. */
interface Common {
  memory: WebAssembly.Memory;
  reserve(length: number): number;
  output(): number;
  output_len(): number;
}

/** Compiles a module once, however many instances of it are made. */
export class Module {
  readonly #text: string;
  #compiled: Promise<WebAssembly.Module> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  async instance<Exports>(): Promise<Instance<Exports>> {
    this.#compiled ??= this.#compile();
    const { exports } = await WebAssembly.instantiate(await this.#compiled, {});
    return new Instance(exports as unknown as Exports & Common);
  }

  async #compile(): Promise<WebAssembly.Module> {
    try {
      const bytes = Uint8Array.from(atob(this.#text), (byte) => byte.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
      return await WebAssembly.compile(await new Response(stream).arrayBuffer());
    } catch (error) {
      // A page that was short of memory may succeed later.
      this.#compiled = undefined;
      throw error;
    }
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** One instance of a module: its functions, and the two buffers of its calls. */
export class Instance<Exports> {
  readonly call: Exports;
  readonly #common: Common;

  constructor(exports: Exports & Common) {
    this.call = exports;
    this.#common = exports;
  }

  /** Sets the argument of the next call. */
  give(argument: string | Uint8Array): void {
    const bytes = typeof argument === "string" ? encoder.encode(argument) : argument;
    const address = this.#common.reserve(bytes.length);
    new Uint8Array(this.#common.memory.buffer, address, bytes.length).set(bytes);
  }

  /** The bytes from `start` to `end` of the result of the last call, as text. */
  text(start = 0, end = this.#common.output_len()): string {
    const { memory, output } = this.#common;
    return decoder.decode(new Uint8Array(memory.buffer, output() + start, end - start));
  }
}
