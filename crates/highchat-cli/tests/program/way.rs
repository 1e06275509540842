//! The connection to the service: keys, certificate authorities, and HTTP proxies.

use highchat_testing::trials::tls::{Authority, File, Vouched};

use crate::support::*;

use proxy::*;

/// One key, with what an editor or a shell may put around it.
const WRAPPED: [&str; 4] = [
    "hc_wrapped\n",
    "hc_wrapped\r\n",
    "\u{feff}hc_wrapped",
    "\u{feff}hc_wrapped\r\n\r\n",
];

fn whole_reply() -> String {
    stream(&[&meta("c1"), &delta("Բարև 👋"), DONE].concat())
}

#[test]
fn a_key_file_and_a_key_variable_are_read_by_the_same_rule() {
    for text in WRAPPED {
        let file = File::write("wrapped-key", text);
        let service = play_each(core::iter::repeat_n(whole_reply(), 4));
        let url = service.base_url();

        let by_file = highchat(["ask", "--base-url", url, "--key-file", file.path(), "ա"]);
        let mut by_variable = highchat(["ask", "--base-url", url, "ա"]);
        by_variable.env("HIGHCHAT_KEY", text);
        for command in [by_file, by_variable] {
            let asked = run(command);
            assert_eq!(asked.status, Some(0), "{text:?}: {asked:?}");
        }

        let by_file = Proxy::start(url, &["--key-file", file.path()]);
        assert_eq!(by_file.through("ask", &["ա"]).status, Some(0), "{text:?}");
        let mut by_variable = highchat(["proxy", "--listen=127.0.0.1:0", "--base-url", url]);
        by_variable
            .env("HIGHCHAT_KEY", text)
            .env_remove("CREDENTIALS_DIRECTORY");
        let by_variable = Proxy::spawn(by_variable);
        assert_eq!(
            by_variable.through("ask", &["ա"]).status,
            Some(0),
            "{text:?}"
        );

        let requests = service.requests();
        assert_eq!(requests.len(), 4);
        for request in requests {
            let request = String::from_utf8(request).unwrap().to_lowercase();
            let header = "authorization: bearer hc_wrapped\r\n";
            assert!(request.contains(header), "{text:?}: {request}");
        }
    }
}

#[test]
fn an_invalid_key_is_described_without_being_shown() {
    for (text, problem) in [
        ("hc_very secret", "character 8 of the key is white space"),
        ("hc_very_գաղտնի", "character 9 of the key is not ASCII"),
        ("\u{feff}\n", "the key is empty"),
    ] {
        let file = File::write("wrong-key", text);
        let by_file = ["--key-file", file.path()];
        let url = ["--base-url", "http://127.0.0.1:9"];
        let ask = highchat(["ask"].into_iter().chain(url).chain(by_file).chain(["ա"]));
        let proxy = highchat(
            ["proxy", "--listen=127.0.0.1:0"]
                .into_iter()
                .chain(url)
                .chain(by_file),
        );
        for command in [ask, proxy] {
            let refused = run(command);
            assert_eq!(refused.status, Some(2), "{refused:?}");
            assert!(refused.stderr.contains(problem), "{}", refused.stderr);
            assert!(!refused.stderr.contains("hc_very"), "{}", refused.stderr);
        }
    }
}

#[test]
fn a_companys_own_authority_is_trusted_by_every_command() {
    let authority = Authority::new();
    let service = Vouched::start(&authority);
    let (ca, url) = (File::write("ca.pem", authority.pem()), service.base_url());
    let commands: [(&str, &[&str]); 4] = [
        ("ask", &["Բարև"]),
        ("chat", &[]),
        ("watch", &["c1"]),
        ("rate", &["c1", "up"]),
    ];
    for (name, arguments) in commands {
        let command = |more: &[&str]| {
            let mut command = to(name, url, arguments);
            command.args(more);
            command
        };
        let by_flag = command(&["--ca-file", ca.path()]);
        let mut by_variable = command(&[]);
        by_variable.env("SSL_CERT_FILE", ca.path());
        // On Linux, this variable also sets the file of the system's authorities.
        let mut by_system = command(&["--system-roots"]);
        by_system.env("SSL_CERT_FILE", ca.path());
        for trusting in [by_flag, by_variable, by_system] {
            let done = run_with_input(trusting, "Բարև\n".as_bytes());
            assert_eq!(done.status, Some(0), "{name}: {done:?}");
            assert_eq!(service.requests().len(), 1, "{name}");
        }
        // `watch` would poll again and again.
        if name != "watch" {
            let untrusting = run_with_input(command(&["--attempts=1"]), "Բարև\n".as_bytes());
            assert_eq!(untrusting.status, Some(7), "{name}: {untrusting:?}");
            let stderr = untrusting.stderr;
            assert!(stderr.contains("certificate"), "{name}: {stderr}");
            assert_eq!(service.requests().len(), 0, "{name}");
        }
    }
}

#[test]
fn the_proxy_trusts_a_companys_own_authority_as_well() {
    let authority = Authority::new();
    let service = Vouched::start(&authority);
    let (ca, url) = (
        File::write("proxy-ca.pem", authority.pem()),
        service.base_url(),
    );
    let key = File::write("proxy-key", KEY);
    for (flags, variable, status) in [
        (&["--ca-file", ca.path()][..], "", 0),
        (&[], ca.path(), 0),
        (&["--system-roots"], ca.path(), 0),
        (&[], "", 8),
    ] {
        let mut command = highchat(["proxy", "--listen=127.0.0.1:0", "--base-url", url]);
        command.args(["--key-file", key.path()]).args(flags);
        command.env("SSL_CERT_FILE", variable);
        let proxy = Proxy::spawn(command);
        let asked = proxy.through("ask", &["--attempts=1", "Բարև"]);
        assert_eq!(
            asked.status,
            Some(status),
            "{flags:?} {variable}: {asked:?}"
        );
        let asked = service.requests().len();
        assert_eq!(asked, usize::from(status == 0), "{flags:?} {variable}");
    }
}

#[test]
fn unusable_certificates_are_reported_before_anything_is_sent() {
    let nothing = File::write("nothing.pem", "Բարև 👋");
    let (missing, key) = ("/no/such/ca.pem", File::write("ca-key", KEY));
    for (flags, variable, problem) in [
        (&["--ca-file", missing][..], "", missing),
        (
            &["--ca-file", nothing.path()],
            "",
            "no certificate to trust was found",
        ),
        (
            &["--ca-file", nothing.path(), "--system-roots"],
            "",
            "--system-roots",
        ),
        (&[], missing, "SSL_CERT_FILE"),
        (&[], nothing.path(), "SSL_CERT_FILE"),
    ] {
        let service = [
            "--base-url",
            "https://localhost:9",
            "--key-file",
            key.path(),
        ];
        for command in [&["ask", "ա"][..], &["proxy", "--listen=127.0.0.1:0"]] {
            let mut command = highchat(command.iter().chain(&service).chain(flags));
            command.env("SSL_CERT_FILE", variable);
            let refused = run(command);
            assert_eq!(refused.status, Some(2), "{flags:?} {variable}: {refused:?}");
            assert!(refused.stderr.contains(problem), "{}", refused.stderr);
        }
    }
    // Without TLS, the file is not read.
    let service = play(whole_reply());
    let mut command = ask(&service, &["ա"]);
    command.env("SSL_CERT_FILE", missing);
    let asked = run(command);
    assert_eq!(asked.status, Some(0), "{asked:?}");
}

#[test]
fn an_unusable_proxy_is_refused_and_not_bypassed() {
    for (name, value) in [
        ("ALL_PROXY", "quic://127.0.0.1:9"),
        ("HTTPS_PROXY", "վստահված"),
    ] {
        let mut command = to("ask", "https://chat.invalid", &["--attempts=1", "Բարև"]);
        command.env(name, value);
        let refused = run(command);
        assert_eq!(refused.status, Some(7), "{refused:?}");
        let problem = format!("{name} names no proxy that can be used");
        assert!(refused.stderr.contains(&problem), "{}", refused.stderr);
        assert!(!refused.stderr.contains(KEY), "{}", refused.stderr);
    }
    let mut command = to("ask", "https://chat.invalid", &["--attempts=1", "Բարև"]);
    command.env("ALL_PROXY", "socks5://127.0.0.1:9");
    let refused = run(command);
    assert_eq!(refused.status, Some(7), "{refused:?}");
    let place = "chat.invalid:443: through the proxy 127.0.0.1:9: ";
    assert!(refused.stderr.contains(place), "{}", refused.stderr);
}
