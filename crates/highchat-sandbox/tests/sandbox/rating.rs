use serde_json::json;

use crate::client::{Call, quick, say};

#[test]
fn the_latest_rating_is_stored() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();
    assert_eq!(sandbox.rating(&id), None);

    for (body, rating, comment) in [
        (
            json!({ "rating": 1, "comment": "շատ օգտակար էր" }),
            1,
            Some("շատ օգտակար էր"),
        ),
        (json!({ "rating": 0 }), 0, None),
        (json!({ "rating": 1, "comment": null }), 1, None),
    ] {
        let answer = Call::rating(&id, &body).send(&sandbox);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({ "ok": true }));
        let stored = sandbox.rating(&id).unwrap();
        assert_eq!(
            (stored.rating, stored.comment.as_deref()),
            (rating, comment)
        );
    }
}

#[test]
fn an_invalid_rating_is_refused() {
    let sandbox = quick().start().unwrap();
    let id = say(&sandbox, "ա").conversation_id();

    for body in [
        json!({}),
        json!({ "rating": 2 }),
        json!({ "rating": -1 }),
        json!({ "rating": "1" }),
        json!({ "rating": true }),
        json!({ "rating": null }),
        json!({ "rating": 1, "comment": 7 }),
        json!(1),
    ] {
        let answer = Call::rating(&id, &body).send(&sandbox);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_input"),
            "{body}"
        );
    }
    assert_eq!(sandbox.rating(&id), None);
}
