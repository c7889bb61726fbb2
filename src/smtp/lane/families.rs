//! The MX hosts of receivers other than Google, by family.
//!
//! Sources: KumoMTA's shaping.toml, shipped and community (2026-08-04: Microsoft, Yahoo, Apple,
//! Mimecast, Orange, GMX and web.de, Barracuda, Tencent, NetEase), Sisimai's Rhost (Microsoft's
//! `prod.outlook.com`, Apple's `me.com`, La Poste's, GoDaddy's), the providers' own set-up pages
//! for the hosted ones. case.yaml adds to them and replaces them by name.

/// Family and patterns: exact names, or `*.suffix`, in lower case.
pub(super) const FAMILIES: &[(&str, &[&str])] = &[
    (
        "microsoft",
        &["*.protection.outlook.com", "*.mx.microsoft", "*.eo.outlook.com", "*.prod.outlook.com", "*.hotmail.com"],
    ),
    ("yahoo", &["*.yahoodns.net", "*.biz.mail.yahoo.com"]),
    ("icloud", &["*.icloud.com", "*.me.com"]),
    ("fastmail", &["*.messagingengine.com"]),
    ("proton", &["*.protonmail.ch"]),
    ("zoho", &["*.zoho.com", "*.zoho.eu", "*.zoho.in", "*.zoho.com.au", "*.zoho.jp", "*.zohomail.com"]),
    ("yandex", &["*.yandex.ru", "*.yandex.net"]),
    ("mailru", &["*.mail.ru"]),
    ("gmx", &["*.gmx.net", "*.gmx.com", "*.web.de"]),
    ("orange", &["*.orange.fr", "*.wanadoo.fr"]),
    ("comcast", &["*.comcast.net"]),
    ("proofpoint", &["*.pphosted.com", "*.ppe-hosted.com"]),
    ("mimecast", &["*.mimecast.com", "*.mimecast.co.za", "*.mimecast-offshore.com"]),
    ("barracuda", &["*.barracudanetworks.com"]),
    (
        "ionos",
        &[
            "*.kundenserver.de",
            "*.perfora.net",
            "*.ionos.de",
            "*.ionos.com",
            "*.ionos.co.uk",
            "*.ionos.es",
            "*.ionos.fr",
        ],
    ),
    ("laposte", &["*.laposte.net"]),
    ("godaddy", &["*.secureserver.net"]),
    ("tencent", &["*.qq.com"]),
    ("netease", &["*.netease.com"]),
    ("cisco", &["*.iphmx.com"]),
    ("broadcom", &["*.messagelabs.com"]),
];
