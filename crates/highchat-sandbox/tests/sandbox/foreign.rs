use highchat_sandbox::Person;

use crate::client::{Call, quick, say, transcript};

const OWN: &str = "127.0.0.1:8787";

#[test]
fn a_page_of_another_origin_cannot_use_the_inbox() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let id = say(&sandbox, "/human").conversation_id();
    let calls = [
        Call::local("GET", "/sandbox/inbox"),
        Call::local("GET", "/sandbox/inbox/live"),
        Call::local("GET", format!("/sandbox/inbox/{id}")),
        Call::local("POST", format!("/sandbox/inbox/{id}/close")),
        Call::local("OPTIONS", format!("/sandbox/inbox/{id}/close")),
        // Such a page cannot find out which conversations exist.
        Call::local("GET", "/sandbox/inbox/no-such"),
    ];

    for call in calls {
        for foreign in [
            call.clone().host("rebound.example:8787"),
            call.clone()
                .host(OWN)
                .header("origin", "http://evil.example"),
            call.clone()
                .host(OWN)
                .header("origin", "http://127.0.0.1:3000"),
            call.clone()
                .host(OWN)
                .header("sec-fetch-site", "cross-site"),
            call.clone().host(OWN).header("sec-fetch-site", "same-site"),
        ] {
            let answer = foreign.send(&sandbox);
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
            assert_eq!(answer.header("access-control-allow-origin"), None);
        }
    }
    assert_eq!(transcript(&sandbox, &id).0, "human");
}

#[test]
fn the_sandboxs_own_page_can_use_the_inbox() {
    let sandbox = quick().start().unwrap();

    let answer = Call::local("GET", "/sandbox/inbox")
        .host(OWN)
        .header("origin", "http://127.0.0.1:8787")
        .header("sec-fetch-site", "same-origin")
        .send(&sandbox);

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn a_program_needs_no_origin_and_a_page_without_an_origin_is_refused() {
    let sandbox = quick().start().unwrap();
    let faults = serde_json::json!({ "always": ["cr-lf"] });
    let call = Call::local("POST", "/sandbox/faults").json(&faults);

    // A page without an origin sends `null`.
    let page = call.clone().header("origin", "null").send(&sandbox);
    assert_eq!((page.status, page.code().as_str()), (403, "forbidden"));
    assert_eq!(say(&sandbox, "ա").names(), ["meta", "delta", "done"]);

    assert_eq!(call.send(&sandbox).status, 200);
    assert!(say(&sandbox, "ա").body.contains("\r\n"));
}

#[test]
fn answers_outside_the_api_forbid_content_sniffing() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "<script>alert('Բարև 👋')</script>").conversation_id();
    let calls = [
        Call::local("GET", "/sandbox/requests"),
        Call::local("GET", "/sandbox/faults"),
        Call::local("GET", "/sandbox/inbox"),
        Call::local("GET", format!("/sandbox/inbox/{id}")),
        Call::local("POST", format!("/sandbox/inbox/{id}/take-over")),
        Call::local("GET", "/sandbox/inbox/no-such"),
        Call::local("GET", "/sandbox/inbox").header("origin", "https://evil.example"),
        Call::local("PUT", "/sandbox/faults"),
        Call::local("GET", "/inbox"),
    ];
    for call in calls {
        let answer = call.send(&sandbox);
        let header = answer.header("x-content-type-options");
        assert_eq!(header, Some("nosniff"), "{}", answer.body);
    }
    let mut live = Call::local("GET", "/sandbox/inbox/live").open(&sandbox);
    let head = crate::client::read_until(&mut live, "\r\n\r\n");
    assert!(
        head.contains("x-content-type-options: nosniff\r\n"),
        "{head}"
    );
}
