use highchat_sandbox::Person;

use crate::client::{Call, quick, say, transcript};

const OWN: &str = "127.0.0.1:8787";

#[test]
fn no_foreign_page_may_use_the_desk() {
    let sandbox = quick().person(Person::absent()).start().unwrap();
    let id = say(&sandbox, "/human").conversation_id();
    let calls = [
        Call::local("GET", "/sandbox/desk"),
        Call::local("GET", "/sandbox/desk/live"),
        Call::local("GET", format!("/sandbox/desk/{id}")),
        Call::local("POST", format!("/sandbox/desk/{id}/close")),
        Call::local("OPTIONS", format!("/sandbox/desk/{id}/close")),
        // Nor learn what there is.
        Call::local("GET", "/sandbox/desk/no-such"),
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
fn the_sandboxs_own_page_may_use_the_desk() {
    let sandbox = quick().start().unwrap();

    let answer = Call::local("GET", "/sandbox/desk")
        .host(OWN)
        .header("origin", "http://127.0.0.1:8787")
        .header("sec-fetch-site", "same-origin")
        .send(&sandbox);

    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), None);
}
