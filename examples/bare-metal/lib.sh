# Builds the programs and reads their figures. `run` and `talk` source this file.
#
# With the standard library of thumbv7m-none-eabi (`rustup target add`), any stable toolchain
# works. Without it, Debian's newer toolchain builds that library: rustc-web, cargo-web,
# rust-web-src and lld.

cargo=(cargo)
core=()
alloc=()
if [[ ! -d $(rustc --print sysroot)/lib/rustlib/thumbv7m-none-eabi ]]; then
    export RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_THUMBV7M_NONE_EABI_LINKER=ld.lld
    cargo=(/usr/bin/cargo)
    # The programs that allocate also need `alloc` built from source.
    core=(-Zbuild-std=core)
    alloc=(-Zbuild-std=core,alloc)
fi
# A panic names its file, and the name is a part of the program. Without the folders of this
# machine, the sizes are the same on every machine.
remap=$(printf '"--remap-path-prefix=%s/="' "${CARGO_HOME:-$HOME/.cargo}/registry/src" "$(cd ../.. && pwd)")
flags=(--quiet --locked --config "target.thumbv7m-none-eabi.rustflags=[${remap//\"\"/\", \"}]")

# build PROFILE PROGRAM [OPTION...]
build() { "${cargo[@]}" build "${flags[@]}" --profile "$1" --bin "$2" "${@:3}" >&2; }

# shown PROFILE PROGRAM [OPTION...]: builds and runs a program in QEMU and prints its output. Fails
# if a check of the program fails.
shown() {
    local output
    build "$@"
    output=$(timeout 60 "${cargo[@]}" run "${flags[@]}" --profile "$1" --bin "$2" "${@:3}" 2>&1) || {
        printf '%s: failed\n%s\n' "$2" "$output" >&2
        return 1
    }
    printf '%s\n' "$output"
}

# The figures in the output of a program.
flash() { sed -n "s/^flash //p" <<<"$1"; }
most() { sed -n "s/^$2 [0-9a-z]* //p" <<<"$1" | sort -n | tail -n 1; }
