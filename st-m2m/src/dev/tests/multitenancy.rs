//! Apps and tenants beyond what is recorded: who may make which, and how they differ.

use super::*;

const GET: Method = Method::GET;
const PUT: Method = Method::PUT;
const APP: &str = "/recipe/multitenancy/app/v2";
const APPS: &str = "/recipe/multitenancy/app/list/v2";
const TENANT: &str = "/recipe/multitenancy/tenant/v2";
const TENANTS: &str = "/recipe/multitenancy/tenant/list/v2";

#[tokio::test]
async fn apps_and_tenants_are_made_once_and_listed_by_age() {
    let core = core();
    for (path, body, created_new) in [
        (APP.to_owned(), json!({"appId": " A2 "}), true),
        (APP.to_owned(), json!({"appId": "a2"}), false),
        (APP.to_owned(), json!({}), false),
        (format!("/appid-a2{APP}"), json!({"appId": "a2"}), false),
        (format!("/appid-a2{TENANT}"), json!({"tenantId": "z"}), true),
        (format!("/appid-a2{TENANT}"), json!({"tenantId": "b"}), true),
        (
            format!("/appid-a2/b{TENANT}"),
            json!({"tenantId": "b"}),
            false,
        ),
        (TENANT.to_owned(), json!({}), false),
    ] {
        let done = answer(&core, "5.4", PUT, &path, &body).await;
        let expected = json!({"status": "OK", "createdNew": created_new});
        assert_eq!(done, expected, "{path} {body}");
    }
    let listed = answer(&core, "5.4", GET, &format!("/appid-a2{TENANTS}"), "").await;
    let listed = listed["tenants"].as_array().expect("tenants");
    let names: Vec<_> = listed.iter().map(|it| it["tenantId"].clone()).collect();
    assert_eq!(names, ["public", "z", "b"]);
    let apps = answer(&core, "5.4", GET, APPS, "").await;
    let apps = apps["apps"].as_array().expect("apps");
    let names: Vec<_> = apps.iter().map(|it| it["appId"].clone()).collect();
    assert_eq!(names, ["public", "a2"]);
    assert_eq!(apps[1]["tenants"].as_array(), Some(listed));

    let missing = json!({"status": "TENANT_NOT_FOUND_ERROR"});
    for path in [format!("/z{TENANT}"), format!("/appid-a3{TENANT}")] {
        assert_eq!(
            answer(&core, "5.4", GET, &path, "").await,
            missing,
            "{path}"
        );
    }
    let new_app = format!("/appid-a2{}", "/.well-known/jwks.json");
    let keys = value(&ask(&core, GET, &new_app).await);
    assert_ne!(keys, core.jwks().expect("keys"));
    assert_eq!(keys["keys"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn factors_are_set_and_forgotten() {
    let core = core();
    let shown = async || {
        let tenant = answer(&core, "5.4", GET, &format!("/t1{TENANT}"), "").await;
        (
            tenant.get("firstFactors").cloned(),
            tenant.get("requiredSecondaryFactors").cloned(),
        )
    };
    for (body, first, secondary) in [
        (json!({}), Some(json!([])), None),
        (
            json!({"firstFactors": ["emailpassword", "x.y-(z)_1"]}),
            Some(json!(["emailpassword", "x.y-(z)_1"])),
            None,
        ),
        (
            json!({"requiredSecondaryFactors": ["totp"]}),
            Some(json!(["emailpassword", "x.y-(z)_1"])),
            Some(json!(["totp"])),
        ),
        (json!({"firstFactors": null}), None, Some(json!(["totp"]))),
        (json!({"requiredSecondaryFactors": null}), None, None),
    ] {
        let mut body = body;
        body["tenantId"] = "t1".into();
        answer(&core, "5.4", PUT, TENANT, &body).await;
        assert_eq!(shown().await, (first, secondary), "{body}");
    }
}

/// A core with the tenant `t1`, and the apps `a2`, with a tenant `t1` too, and `a3`.
async fn furnished() -> DevCore {
    let core = core();
    for (path, body) in [
        (APP, json!({"appId": "a2"})),
        (APP, json!({"appId": "a3"})),
        (TENANT, json!({"tenantId": "t1"})),
        (
            "/appid-a2/recipe/multitenancy/tenant/v2",
            json!({"tenantId": "t1"}),
        ),
    ] {
        answer(&core, "5.4", PUT, path, body).await;
    }
    core
}

#[tokio::test]
async fn who_may_change_and_list_what() {
    let core = furnished().await;
    let same_app = "You must use the public or same app to add/update an app";
    let same_tenant = "You must use the public or same tenant to add/update a tenant";
    let all_tenants =
        "Only the public tenantId is allowed to list all tenants associated with this app";
    let all_apps = "Only the public tenantId and public appId is allowed to list all apps associated with this \
                    connection uri domain";
    let none = json!({});
    for (method, prefix, path, body, message) in [
        (PUT, "/appid-a2", APP, json!({"appId": "a3"}), same_app),
        (PUT, "/t1", APP, json!({"appId": "a4"}), same_app),
        (PUT, "/t1", TENANT, json!({"tenantId": "t2"}), same_tenant),
        (PUT, "/appid-a2/t1", TENANT, none.clone(), same_app),
        (GET, "/t1", TENANTS, none.clone(), all_tenants),
        (GET, "/appid-a2", APPS, none.clone(), all_apps),
        (GET, "/t1", APPS, none.clone(), all_apps),
    ] {
        let path = format!("{prefix}{path}");
        let refused = refusal(&core, "5.4", method, &path, &body).await;
        assert_eq!(refused, (403, message.to_owned()), "{path} {body}");
    }
    nothing_was_made(&core).await;
}

async fn nothing_was_made(core: &DevCore) {
    for path in [format!("/t2{TENANT}"), format!("/appid-a4{TENANT}")] {
        let missing = answer(core, "5.4", GET, &path, "").await;
        assert_eq!(missing["status"], "TENANT_NOT_FOUND_ERROR", "{path}");
    }
}

#[tokio::test]
async fn what_apps_and_tenants_may_not_be() {
    let core = furnished().await;
    let long = "x".repeat(65);
    let many: Vec<String> = (0..1000).map(|number| number.to_string()).collect();
    let settings = json!({"access_token_validity": 60});
    for (path, body, message) in [
        (
            APP,
            json!({"appId": ""}),
            "appId should not be an empty String",
        ),
        (
            APP,
            json!({"appId": "appid-a"}),
            "appId must not start with 'appid-'",
        ),
        (
            APP,
            json!({"appId": "a_2"}),
            "appId can only contain letters, numbers and hyphens",
        ),
        (
            TENANT,
            json!({"tenantId": "Users"}),
            "Cannot use 'users' as a tenantId",
        ),
        (
            TENANT,
            json!({"tenantId": long}),
            "tenantId must not be longer than 64 characters",
        ),
        (
            TENANT,
            json!({"tenantId": 1}),
            "Field name 'tenantId' is invalid in JSON input",
        ),
        (
            TENANT,
            json!({"tenantId": "t2", "emailPasswordEnabled": true}),
            "emailPasswordEnabled is not a valid input for this API",
        ),
        (
            TENANT,
            json!({"tenantId": "t2", "firstFactors": ["a", "a"]}),
            "firstFactors input should not contain duplicate values",
        ),
        (
            TENANT,
            json!({"tenantId": "t2", "requiredSecondaryFactors": ["a b"]}),
            "requiredSecondaryFactors should contain only 0-9,a-z,A-Z,_,.,- characters",
        ),
        (
            TENANT,
            json!({"tenantId": "t2", "firstFactors": many}),
            "firstFactors are too many for DevCore",
        ),
        (
            TENANT,
            json!({"tenantId": "t2", "coreConfig": settings}),
            "Invalid core config: DevCore has no settings of an app or tenant",
        ),
        (
            APP,
            json!({"coreConfig": settings}),
            "Cannot modify base config",
        ),
    ] {
        let refused = refusal(&core, "5.4", PUT, path, &body).await;
        assert_eq!(refused, (400, message.to_owned()), "{path} {body}");
    }
    nothing_was_made(&core).await;
}
