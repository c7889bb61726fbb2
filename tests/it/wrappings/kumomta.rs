//! Records in the documented shape.

use super::Happens::{Alert, Closed, Delivered, Limited, Nobody, Refused, Reset};
use super::{BEGIN, FROM, HOST, IP, LIMIT, One, SHUT, accepted};

pub(super) fn log(one: One) -> String {
    let refused = |text: &str| serde_json::json!({"code": 400, "enhanced_code": null, "command": null, "content": format!("KumoMTA internal: failed to connect to any candidate hosts: {text}")});
    let host = format!("ResolvedAddress {{ name: \"{HOST}.\", addr: {IP} }}:25");
    let status = |code: u16, subject: u16, detail: u16| serde_json::json!({"class": code / 100, "subject": subject, "detail": detail});
    let (kind, response) = match one.what {
        Delivered => (
            "Delivery",
            serde_json::json!({"code": 250, "enhanced_code": status(250, 0, 0), "command": ".", "content": &accepted(one)[10..]}),
        ),
        Limited => (
            "TransientFailure",
            serde_json::json!({"code": 421, "enhanced_code": status(421, 7, 28), "command": "MAIL FROM:<news@sender.example>", "content": LIMIT.join(" ")}),
        ),
        Refused => (
            "TransientFailure",
            refused(&format!(
                "connect to {IP}:25 and read initial banner: Command rejected Response {{ code: 421, enhanced_code: Some(EnhancedStatusCode {{ class: 4, subject: 7, detail: 0 }}), content: \"{}\", command: None }}",
                &SHUT[10..]
            )),
        ),
        Closed => (
            "TransientFailure",
            refused(&format!(
                "connect to {IP}:25 and read initial banner: Error Connection closed by peer reading response to cmd=connect"
            )),
        ),
        Reset => (
            "TransientFailure",
            refused(&format!("TLS handshake with {host} failed: Connection reset by peer (os error 104)")),
        ),
        Alert => (
            "TransientFailure",
            refused(&format!("TLS handshake with {host} failed: received fatal alert: HandshakeFailure")),
        ),
        Nobody => (
            "TransientFailure",
            refused(&format!("connect to {IP}:25 and read initial banner: Connection refused (os error 111)")),
        ),
    };
    let stood = matches!(one.what, Delivered | Limited);
    let mut record = serde_json::json!({
        "type": kind, "id": format!("{:032x}", one.second), "sender": "news@sender.example", "recipient": format!("u{}@gmail.com", one.second),
        "queue": "news:tenant@gmail.com", "site": "source1->(alt1|alt2|alt3|alt4)?.gmail-smtp-in.l.google.com@smtp_client", "size": 1000,
        "response": response, "timestamp": BEGIN + one.second, "created": BEGIN + one.second, "num_attempts": 0, "bounce_classification": "Uncategorized",
        "egress_pool": "pool0", "egress_source": "source1", "source_address": null, "peer_address": null, "feedback_report": null, "meta": {}, "headers": {},
        "delivery_protocol": "ESMTP", "reception_protocol": "ESMTP", "nodeid": "557f3ad4-2c8c-11ee-976e-782d7e12e173",
    });
    if stood {
        record["peer_address"] = serde_json::json!({"name": format!("{HOST}."), "addr": IP});
        record["source_address"] = serde_json::json!({"address": format!("{FROM}:53210")});
        record["tls_cipher"] = "TLS_AES_256_GCM_SHA384".into();
        record["tls_protocol_version"] = "TLSv1.3".into();
        record["session_id"] = "9bcd689e-23d9-41b7-a015-63a1382f8b57".into();
    }
    format!("{record}\n")
}
