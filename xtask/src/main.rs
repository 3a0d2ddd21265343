//! The command; what it does is in the library, where the fuzzer can reach it.

fn main() -> std::process::ExitCode {
    xtask::main()
}
