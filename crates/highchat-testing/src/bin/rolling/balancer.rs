//! nginx, with the configuration of a page for operators.

use core::time::Duration;
use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Instant;

use rustix::process::{Pid, Signal, kill_process};

use crate::proxies::free_port;

/// The addresses in the page.
const LISTEN: &str = "listen 80;";
const FIRST_PORT: u16 = 8788;

/// How long nginx may take to listen, and to end.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Nginx {
    port: u16,
    child: Child,
}

impl Nginx {
    /// Starts nginx with the first block of nginx's configuration in `page`. Only the ports are
    /// changed.
    pub(crate) fn start(page: &str, proxies: &[u16], directory: &Path) -> Self {
        let port = free_port();
        let mut servers = block(page, "nginx").to_owned();
        let mut replace = |from: &str, to: &str| {
            assert_eq!(servers.matches(from).count(), 1, "{from} in the page");
            servers = servers.replace(from, to);
        };
        replace(LISTEN, &format!("listen 127.0.0.1:{port};"));
        for (proxy, in_page) in proxies.iter().zip(FIRST_PORT..) {
            replace(
                &format!("server 127.0.0.1:{in_page} "),
                &format!("server 127.0.0.1:{proxy} "),
            );
        }
        let path = directory.join("nginx.conf");
        fs::write(&path, around(&servers, directory)).expect("a file that can be written");
        let mut command = Command::new("nginx");
        command.arg("-p").arg(directory).arg("-c").arg(path);
        let this = Self {
            port,
            child: command.spawn().expect("nginx is installed"),
        };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "nginx does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        this
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // SIGKILL would leave its worker behind.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// The first block of code in this language.
fn block<'a>(page: &'a str, language: &str) -> &'a str {
    let start = format!("```{language}\n");
    let (_, rest) = page.split_once(&start).expect("a block in the page");
    rest.split_once("\n```").expect("the end of the block").0
}

/// What Debian's `nginx.conf` has around the blocks of a site, without its folders.
fn around(servers: &str, directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "daemon off;\n\
         worker_processes 1;\n\
         worker_rlimit_nofile 8192;\n\
         pid {directory}/nginx.pid;\n\
         error_log {directory}/nginx.log;\n\
         events {{ worker_connections 4096; }}\n\
         http {{\n\
         access_log off;\n\
         client_body_temp_path {directory}/body;\n\
         proxy_temp_path {directory}/proxy;\n\
         fastcgi_temp_path {directory}/fastcgi;\n\
         uwsgi_temp_path {directory}/uwsgi;\n\
         scgi_temp_path {directory}/scgi;\n\
         {servers}\n\
         }}\n"
    )
}
