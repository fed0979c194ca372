//! The page that shows the document.

use std::path::Path;

use crate::harness::Running;

fn is_asset(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|extension| extension == "js" || extension == "css")
}

#[test]
fn the_page_for_people_brings_all_it_needs() {
    let running = Running::new();
    assert_eq!(running.get("/docs").status, 200, "followed");
    let page = running.get("/docs/");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    let html = page.json.as_str().unwrap();
    let named = html.split(['"', '\'']).filter(|word| is_asset(word));
    let named: Vec<&str> = named.map(|name| name.trim_start_matches("./")).collect();
    assert!(named.len() > 3, "{named:?}");
    for name in named {
        let reply = running.get(&format!("/docs/{name}"));
        assert_eq!(reply.status, 200, "{name}");
        assert!(reply.header("content-security-policy").contains("script-src 'self';"), "{name}");
    }
    assert!(running.get("/docs/swagger-initializer.js").json.as_str().unwrap().contains("../openapi.json"));
    assert_eq!(running.get("/docs/no-such-file").status, 404);
    assert_eq!(running.get("/docs/../../etc/passwd").status, 404);
    assert_eq!(running.get("/docs/%FF").json["error"]["code"], "not_found");
}
