//! Describes the machine and the build of a measurement.

use std::fs;
use std::process::Command;

/// The processor, the compiler, the profile and the date, in one line.
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

/// The profile, which cargo uses as the name of the binary's folder.
fn profile() -> String {
    let binary = std::env::current_exe().unwrap_or_default();
    let folder = binary.parent().and_then(|folder| folder.file_name());
    folder.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
