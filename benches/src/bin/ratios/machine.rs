//! Where and how it was measured.

use std::fs;
use std::process::Command;

/// One line: the processor, the compiler, the profile, the date.
pub(crate) fn describe() -> String {
    let processor = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let processor = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("an unknown processor", |(_, name)| name);
    let compiler = Command::new("rustc").arg("--version").output();
    let compiler = compiler.map_or_else(
        |_| "an unknown compiler".into(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    );
    let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    format!(
        "{processor} ({}), {compiler}, profile `{}`, {date}",
        std::env::consts::ARCH,
        profile()
    )
}

/// Cargo names the folder of a binary after its profile.
fn profile() -> String {
    let binary = std::env::current_exe().unwrap_or_default();
    let folder = binary.parent().and_then(|folder| folder.file_name());
    folder.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
