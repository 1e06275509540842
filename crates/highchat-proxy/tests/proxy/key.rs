//! The key: where it goes, and where it does not.

use highchat_proxy::{Config, InvalidConfig, KeyError, KeySource, Proxy};
use highchat_sandbox::Step;

use crate::support::*;

#[test]
fn a_key_that_is_refused_is_our_fault_and_no_visitors() {
    let refusal = "{\"error\":{\"code\":\"unauthenticated\",\"message\":\"bad hc_very_secret\"}}";
    let head = format!(
        "HTTP/1.1 401 No\r\ncontent-length: {}\r\n\r\n",
        refusal.len()
    );
    let service = play(vec![vec![Step::send(head + refusal)]; 2]);
    let through = Through::to(service.base_url(), |_| ());

    for call in [Call::chat("ա"), Call::messages("c1")] {
        let got = call.send(&through);
        assert_eq!(got.refusal(), (502, "unavailable".to_owned()));
        assert!(!got.body.contains("key") && !got.body.contains(KEY));
    }
    assert_eq!(through.counted("highchat_proxy_key_refused_total "), 2);
}

#[test]
fn a_key_that_is_read_again_is_used_from_then_on() {
    let end = vec![Step::send(format!("{STREAM}{DONE}"))];
    let service = play(vec![end; 3]);
    let through = Through::to(service.base_url(), |_| ());
    Call::chat("ա").send(&through);
    through.key_file.write("hc_the_next");
    through.server.proxy().reload_key().unwrap();
    Call::chat("ա").send(&through);
    through.key_file.write("not a key");
    let error = through.server.proxy().reload_key().unwrap_err();
    assert!(!error.to_string().contains("not a key"));
    Call::chat("ա").send(&through);

    let sent = service.requests();
    let keys = ["hc_very_secret", "hc_the_next", "hc_the_next"];
    for (request, key) in sent.iter().zip(keys) {
        let request = String::from_utf8_lossy(request);
        assert!(
            request.contains(&format!("authorization: Bearer {key}\r\n")),
            "{key}"
        );
    }
    assert_eq!(sent.len(), 3);
}

#[test]
fn an_error_page_that_shows_the_key_is_not_shown() {
    let page = format!("<h1>Server error</h1><pre>authorization: Bearer {KEY}</pre>");
    let head = format!("HTTP/1.1 500 Oh\r\ncontent-length: {}\r\n\r\n", page.len());
    let service = play([vec![Step::send(head + &page)]]);
    let through = Through::to(service.base_url(), |_| ());

    let got = Call::chat("ա").send(&through);

    assert_eq!(got.refusal(), (500, "unavailable".to_owned()));
}

#[test]
fn a_reply_that_shows_the_key_ends_before_it() {
    let reply = format!("{STREAM}{META}{}{DONE}", delta(&format!("my key is {KEY}")));
    let service = play([vec![Step::send(reply)]]);
    let through = Through::to(service.base_url(), |_| ());

    let got = Call::chat("ա").send(&through);

    assert!(!got.body.contains(KEY));
    assert!(META.starts_with(got.before_error()), "{}", got.body);
}

#[test]
fn without_a_key_or_a_safe_way_to_the_service_there_is_no_proxy() {
    let key = File::new("hc_a");
    let file = |file: &File| KeySource::File(file.path().into());
    let refused = |base_url: &str, source| {
        let mut config = Config::default();
        config.base_url = base_url.into();
        Proxy::new(config, source).expect_err("no proxy")
    };
    let loopback = "http://127.0.0.1:9";
    let error = refused("http://chat.example", file(&key));
    assert!(matches!(error, InvalidConfig::BaseUrl(_)), "{error}");
    let error = refused(loopback, file(&File::new("two words")));
    assert!(
        matches!(error, InvalidConfig::Key(KeyError::Invalid(_))),
        "{error}"
    );
    assert!(!error.to_string().contains("two words"));
    let error = refused(loopback, KeySource::File("/nonexistent/key".into()));
    assert!(error.to_string().contains("/nonexistent/key"), "{error}");
    let error = refused(loopback, KeySource::Variable("HIGHCHAT_NO_SUCH".into()));
    assert!(error.to_string().contains("HIGHCHAT_NO_SUCH"), "{error}");
}
