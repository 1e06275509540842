use std::collections::BTreeSet;

use crate::client::{Answer, Call, quick};
use highchat_sandbox::Sandbox;

/// Requests a path with a `Host` header, as a browser does.
fn fetch(sandbox: &Sandbox, path: &str) -> Answer {
    Call::local("GET", path)
        .host("localhost:8787")
        .send(sandbox)
}

/// Returns the paths of the files that a page or script uses.
fn assets_in(text: &str) -> BTreeSet<String> {
    text.split(['"', '\''])
        .filter(|part| part.starts_with("/assets/"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_page_and_file_has_a_strict_security_policy() {
    let sandbox = quick().start().unwrap();
    let mut pages = vec!["/".to_owned(), "/c/demo".to_owned(), "/inbox".to_owned()];
    let mut seen = BTreeSet::new();

    while let Some(path) = pages.pop() {
        let answer = fetch(&sandbox, &path);
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "));
        // This allows WebAssembly, and no script in a text.
        let rest = policy.replace(" 'wasm-unsafe-eval'", "");
        assert!(!rest.contains("unsafe") && !rest.contains("http"));
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-cache"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        assert_eq!(answer.header("access-control-allow-origin"), None);
        let kind = match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "js" => "text/javascript; charset=utf-8",
            "css" => "text/css; charset=utf-8",
            "svg" => "image/svg+xml",
            _ => "text/html; charset=utf-8",
        };
        assert_eq!(answer.header("content-type"), Some(kind), "{path}");
        for markup in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            " style=",
            " onclick=",
        ] {
            assert!(!answer.body.contains(markup), "{path}: {markup}");
        }
        let own = answer
            .body
            .replace("http://localhost:8787/", "")
            .replace("http://www.w3.org/2000/svg", "");
        assert!(!own.contains("http:") && !own.contains("https:"), "{path}");
        for asset in assets_in(&answer.body) {
            if seen.insert(asset.clone()) {
                pages.push(asset);
            }
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
}

#[test]
fn a_cached_page_is_not_sent_again() {
    let sandbox = quick().start().unwrap();
    let tag = fetch(&sandbox, "/inbox").header("etag").unwrap().to_owned();

    let again = Call::local("GET", "/inbox")
        .header("if-none-match", &tag)
        .send(&sandbox);
    let other = Call::local("GET", "/inbox")
        .header("if-none-match", "\"other\"")
        .send(&sandbox);

    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert!(again.header("content-security-policy").is_some());
    assert_eq!(other.status, 200);
}

#[test]
fn a_page_accepts_only_get_and_head() {
    let sandbox = quick().start().unwrap();

    let head = Call::local("HEAD", "/c/demo").send(&sandbox);
    let post = Call::local("POST", "/c/demo").send(&sandbox);

    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(post.status, 405);
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
}

#[test]
fn an_unknown_slug_has_no_page() {
    let sandbox = quick().start().unwrap();

    for path in ["/c/", "/c/other", "/c/demo/", "/c/Demo", "/c/%ff"] {
        let answer = fetch(&sandbox, path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("text/html; charset=utf-8")
        );
        assert!(answer.header("content-security-policy").is_some());
    }
    let asset = fetch(&sandbox, "/assets/no-such.js");
    assert_eq!((asset.status, asset.code().as_str()), (404, "not_found"));
}

#[test]
fn a_slug_is_escaped_in_html() {
    let slug = "\"><script>1</script> բոտ";
    let sandbox = quick().slug(slug).start().unwrap();
    let path = sandbox
        .chat_url()
        .strip_prefix(sandbox.base_url())
        .unwrap()
        .to_owned();

    let index = fetch(&sandbox, "/").body;

    assert!(!index.contains("<script"), "{index}");
    assert!(index.contains(&format!("href=\"{path}\"")), "{index}");
    assert_eq!(fetch(&sandbox, &path).status, 200);
    assert_eq!(fetch(&sandbox, "/c/demo").status, 404);
}

#[test]
fn the_front_page_does_not_show_an_invalid_host() {
    let sandbox = quick().start().unwrap();

    let answer = Call::local("GET", "/")
        .host("evil.example\"")
        .send(&sandbox);

    assert!(!answer.body.contains("evil"), "{}", answer.body);
}
