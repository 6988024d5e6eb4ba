//! Sessions beyond what is recorded: other versions, other keys, other tenants, and tokens in every wrong place.

use super::*;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const PUT: Method = Method::PUT;
const HOUR: Duration = Duration::from_secs(3600);

/// A core with tenant `t1` and app `a2`, and its clock.
fn core_and_clock() -> (DevCore, ManualClock) {
    let clock = ManualClock::at_unix_millis(START);
    let core = DevCore::builder()
        .app("a2")
        .tenant("t1")
        .clock(Arc::new(clock.clone()))
        .in_memory()
        .expect("right settings");
    (core, clock)
}

fn string(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}

/// Makes a session of `user` with a dynamic key and this data, below `path`.
async fn created(core: &DevCore, version: &str, path: &str, data: &Value) -> Value {
    let body = json!({
        "userId": "user",
        "enableAntiCsrf": false,
        "userDataInJWT": data,
        "userDataInDatabase": {},
    });
    answer(core, version, POST, &format!("{path}/recipe/session"), body).await
}

async fn refreshed(core: &DevCore, version: &str, token: &Value) -> Value {
    let body =
        json!({"refreshToken": token, "enableAntiCsrf": false, "useDynamicSigningKey": true});
    answer(core, version, POST, "/recipe/session/refresh", body).await
}

async fn verified(core: &DevCore, version: &str, token: &Value, check_database: bool) -> Value {
    let body = json!({
        "accessToken": token,
        "enableAntiCsrf": false,
        "doAntiCsrfCheck": false,
        "checkDatabase": check_database,
    });
    answer(core, version, POST, "/recipe/session/verify", body).await
}

fn kid_of(token: &Value) -> String {
    let token = string(token);
    let header = token.split('.').next().expect("a header");
    let header = URL_SAFE_NO_PAD.decode(header).expect("base64url");
    let header: Value = serde_json::from_slice(&header).expect("JSON");
    string(&header["kid"])
}

#[tokio::test]
async fn what_older_versions_are_told() {
    let (core, _) = core_and_clock();
    for (version, has_tenant, has_recipe_user, has_id_refresh_token) in [
        ("2.20", false, false, true),
        ("2.21", false, false, false),
        ("3.0", true, false, false),
        ("4.0", true, true, false),
        ("5.4", true, true, false),
    ] {
        let created = created(&core, version, "", &json!({})).await;
        let handle = string(&created["session"]["handle"]);
        let path = format!("/recipe/session?sessionHandle={handle}");
        let found = answer(&core, version, GET, &path, "").await;
        assert_eq!(found.get("tenantId").is_some(), has_tenant, "{version}");
        assert_eq!(
            found.get("recipeUserId").is_some(),
            has_recipe_user,
            "{version}"
        );
        let refreshed = refreshed(&core, version, &created["refreshToken"]["token"]).await;
        assert_eq!(refreshed["status"], "OK", "{version}");
        assert_eq!(
            refreshed.get("idRefreshToken").is_some(),
            has_id_refresh_token,
            "{version}"
        );
        assert!(refreshed.get("jwtSigningPublicKey").is_none());
        let session = &refreshed["session"];
        assert_eq!(session.get("tenantId").is_some(), has_tenant, "{version}");
        let used = verified(&core, version, &refreshed["accessToken"]["token"], false).await;
        assert_eq!(used["status"], "OK", "{version}");
        assert!(used["accessToken"]["token"].is_string(), "{version}");
    }
}

#[tokio::test]
async fn a_refresh_must_name_the_key_from_5_0_on() {
    let (core, _) = core_and_clock();
    let body = json!({
        "userId": "user",
        "enableAntiCsrf": false,
        "userDataInJWT": {},
        "userDataInDatabase": {},
        "useDynamicSigningKey": false,
    });
    let created = answer(&core, "5.4", POST, "/recipe/session", body).await;
    let token = &created["refreshToken"]["token"];
    let body = json!({"refreshToken": token, "enableAntiCsrf": false});
    let path = "/recipe/session/refresh";
    let missing = "Field name 'useDynamicSigningKey' is invalid in JSON input";
    assert_eq!(
        refusal(&core, "5.0", POST, path, &body).await,
        (400, missing.to_owned())
    );
    // Before, the session keeps the key that it has.
    let kept = answer(&core, "4.0", POST, path, &body).await;
    assert!(kid_of(&kept["accessToken"]["token"]).starts_with("s-"));
    let used = verified(&core, "5.4", &kept["accessToken"]["token"], false).await;
    assert!(kid_of(&used["accessToken"]["token"]).starts_with("s-"));
    let changed = refreshed(&core, "5.4", token).await;
    assert_eq!(changed["status"], "TOKEN_THEFT_DETECTED");
    let changed = refreshed(&core, "5.4", &kept["refreshToken"]["token"]).await;
    assert!(kid_of(&changed["accessToken"]["token"]).starts_with("d-"));
    let used = verified(&core, "5.4", &changed["accessToken"]["token"], false).await;
    assert!(kid_of(&used["accessToken"]["token"]).starts_with("d-"));
}

#[tokio::test]
async fn changed_data_reaches_the_token_when_the_database_is_asked() {
    let (core, _) = core_and_clock();
    let data = json!({"a": 1, "b": {"c": [1.5, null]}});
    let created = created(&core, "5.4", "", &data).await;
    let token = &created["accessToken"]["token"];
    let put = async |text: &str| {
        let handle = string(&created["session"]["handle"]);
        let body = format!(r#"{{"sessionHandle":"{handle}","userDataInJWT":{text}}}"#);
        let done = answer(&core, "5.4", PUT, "/recipe/jwt/data", body).await;
        assert_eq!(done, json!({"status": "OK"}));
    };
    // The same in another order and notation is no change.
    put(r#"{"b":{"c":[1.50,null]},"a":1.0}"#).await;
    assert!(
        verified(&core, "5.4", token, true)
            .await
            .get("accessToken")
            .is_none()
    );
    put(r#"{"a":2}"#).await;
    let stateless = verified(&core, "5.4", token, false).await;
    assert_eq!(stateless["session"]["userDataInJWT"], data);
    let answer = verified(&core, "5.4", token, true).await;
    assert_eq!(answer["session"]["userDataInJWT"], json!({"a": 2}));
    let newer = claims(&string(&answer["accessToken"]["token"]));
    assert_eq!(newer["a"], 2);
    assert!(newer.get("b").is_none());
    let path = format!(
        "/recipe/jwt/data?sessionHandle={}",
        string(&created["session"]["handle"])
    );
    let stored = super::answer(&core, "5.4", GET, &path, "").await;
    assert_eq!(stored, json!({"status": "OK", "userDataInJWT": {"a": 2}}));
}

#[tokio::test]
async fn a_refreshed_token_is_not_used_once_its_session_has_ended() {
    let (core, _) = core_and_clock();
    let created = created(&core, "5.4", "", &json!({})).await;
    let child = refreshed(&core, "5.4", &created["refreshToken"]["token"]).await;
    let body = json!({"sessionHandles": [created["session"]["handle"]]});
    answer(&core, "5.4", POST, "/recipe/session/remove", body).await;
    let used = verified(&core, "5.4", &child["accessToken"]["token"], false).await;
    assert_eq!(
        used,
        json!({"status": "UNAUTHORISED", "message": "Session missing in db"})
    );
}

#[tokio::test]
async fn time_ends_refresh_tokens_but_not_the_change_of_data() {
    let (core, clock) = core_and_clock();
    let created = created(&core, "5.4", "", &json!({"a": 1})).await;
    let handle = string(&created["session"]["handle"]);
    clock.advance(HOUR * 2);
    let body = json!({"accessToken": created["accessToken"]["token"], "userDataInJWT": {"a": 2}});
    let path = "/recipe/session/regenerate";
    let regenerated = answer(&core, "5.4", POST, path, &body).await;
    assert_eq!(regenerated["status"], "OK");
    assert_eq!(regenerated["session"]["userDataInJWT"], json!({"a": 2}));
    assert!(regenerated.get("accessToken").is_none());

    clock.advance(HOUR * (100 * 24 - 3));
    let last = refreshed(&core, "5.4", &created["refreshToken"]["token"]).await;
    assert_eq!(last["session"]["userDataInJWT"], json!({"a": 2}));
    clock.advance(HOUR * 2);
    let gone = refreshed(&core, "5.4", &created["refreshToken"]["token"]).await;
    assert_eq!(gone["message"], "Session missing in db or has expired");
    // The child alone does not prolong a session; its use would have.
    let gone = refreshed(&core, "5.4", &last["refreshToken"]["token"]).await;
    assert_eq!(gone["message"], "Session missing in db or has expired");
    let found = format!("/recipe/session?sessionHandle={handle}");
    let found = answer(&core, "5.4", GET, &found, "").await;
    assert_eq!(found["message"], "Session does not exist.");
    assert_eq!(
        answer(&core, "5.4", POST, path, &body).await["message"],
        "Session does not exist."
    );
}

#[tokio::test]
async fn data_of_older_versions_may_not_pose_as_claims_of_newer_ones() {
    let (core, _) = core_and_clock();
    let created = created(&core, "2.20", "", &json!({"sub": "somebody"})).await;
    let body = json!({
        "sessionHandle": created["session"]["handle"],
        "userDataInJWT": {"sub": "somebody else"},
    });
    let path = "/recipe/jwt/data";
    let protected = (400, "The user payload contains protected field".to_owned());
    assert_eq!(refusal(&core, "2.21", PUT, path, &body).await, protected);
    let done = answer(&core, "2.20", PUT, path, &body).await;
    assert_eq!(done["status"], "OK");
    let refreshed = refreshed(&core, "5.4", &created["refreshToken"]["token"]).await;
    assert_eq!(
        refreshed,
        json!({"status": "UNAUTHORISED", "message": protected.1})
    );
}

#[tokio::test]
async fn tenants_and_apps_have_sessions_of_their_own() {
    let (core, _) = core_and_clock();
    let mut handles = Vec::new();
    for path in ["/t1", "", "/t1", "/appid-a2", "/appid-a2/t1"] {
        let created = created(&core, "5.4", path, &json!({})).await;
        handles.push(string(&created["session"]["handle"]));
    }
    let listed = async |path: &str| -> Vec<String> {
        let path = format!(
            "{path}{}userId=user",
            if path.contains('?') { '&' } else { '?' }
        );
        let listed = answer(&core, "5.4", GET, &path, "").await;
        let listed = listed["sessionHandles"].as_array().expect("a list");
        listed.iter().map(string).collect()
    };
    // By tenant, then by age.
    let all = [&handles[1], &handles[0], &handles[2]].map(Clone::clone);
    assert_eq!(listed("/recipe/session/user").await, all);
    assert_eq!(
        listed("/t1/recipe/session/user?fetchAcrossAllTenants=false").await,
        all[1..]
    );
    assert_eq!(
        listed("/appid-a2/t1/recipe/session/user?fetchAcrossAllTenants=no").await,
        handles[4..]
    );
    let forbidden = "Only public tenantId can call this app specific API".to_owned();
    let path = "/t1/recipe/session/user?userId=user";
    assert_eq!(
        refusal(&core, "5.4", GET, path, "").await,
        (403, forbidden.clone())
    );
    assert_eq!(
        answer(&core, "4.0", GET, path, "").await["sessionHandles"],
        json!(all)
    );

    let path = "/t1/recipe/session/remove";
    let of_user = json!({"userId": "user"});
    assert_eq!(
        refusal(&core, "5.4", POST, path, &of_user).await,
        (403, forbidden)
    );
    let of_tenant = json!({"userId": "user", "revokeAcrossAllTenants": false});
    let removed = answer(&core, "5.4", POST, path, of_tenant).await;
    assert_eq!(removed["sessionHandlesRevoked"], json!(all[1..]));
    let path = "/recipe/session/remove";
    let by_handle = json!({"sessionHandles": handles});
    let removed = answer(&core, "5.4", POST, path, by_handle).await;
    assert_eq!(removed["sessionHandlesRevoked"], json!([handles[1]]));
    let path = "/appid-a2/recipe/session/remove";
    let removed = answer(&core, "5.4", POST, path, of_user).await;
    assert_eq!(removed["sessionHandlesRevoked"], json!(handles[3..]));
}

#[tokio::test]
async fn a_refresh_token_is_good_for_its_own_app() {
    let (core, _) = core_and_clock();
    let created = created(&core, "5.4", "/t1", &json!({})).await;
    let token = &created["refreshToken"]["token"];
    let body = json!({"refreshToken": token, "enableAntiCsrf": true, "useDynamicSigningKey": true});
    for (path, status) in [
        ("/appid-a2/recipe/session/refresh", "UNAUTHORISED"),
        ("/t1/recipe/session/refresh", "OK"),
        ("/recipe/session/refresh", "OK"),
    ] {
        let answer = answer(&core, "5.4", POST, path, &body).await;
        assert_eq!(answer["status"], status, "{path}");
        // Anti-csrf begins with a refresh that asks for it.
        assert_eq!(answer.get("antiCsrfToken").is_some(), status == "OK");
    }
    let unknown = refusal(&core, "5.4", POST, "/t2/recipe/session/refresh", &body).await;
    assert_eq!(unknown.0, 400);
    assert!(
        unknown.1.ends_with("not found: (, public, t2)"),
        "{}",
        unknown.1
    );
}

/// The tenant `t2` does not exist.
const NO_TENANT: &str = "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and \
                         tenantId combination not found: (, public, t2)";

async fn assert_refused(core: &DevCore, method: &Method, path: &str, body: &Value, expected: &str) {
    let (status, message) = refusal(core, "5.4", method.clone(), path, body).await;
    assert_eq!((status, message.as_str()), (400, expected), "{path} {body}");
}

#[tokio::test]
async fn what_may_not_be_read_or_written() {
    let (core, _) = core_and_clock();
    let no_handle = "Field name 'sessionHandle' is missing in GET request";
    for (path, message) in [
        ("/recipe/session?sessionHandle=x_t2", NO_TENANT),
        ("/recipe/session?sessionHandle=x_T2_y", NO_TENANT),
        ("/recipe/session/data?sessionHandle=x_t2", NO_TENANT),
        ("/recipe/jwt/data?sessionHandle=x_t2", NO_TENANT),
        ("/recipe/session/data", no_handle),
        ("/recipe/jwt/data", no_handle),
        (
            "/recipe/session/user",
            "Field name 'userId' is missing in GET request",
        ),
    ] {
        assert_refused(&core, &GET, path, &json!({}), message).await;
    }
    for (path, body, message) in [
        (
            "/recipe/session/data",
            json!({"sessionHandle": "x_t2", "userDataInDatabase": {}}),
            NO_TENANT,
        ),
        (
            "/recipe/session/data",
            json!({"sessionHandle": "x", "userDataInDatabase": null}),
            "Field name 'userDataInDatabase' is invalid in JSON input",
        ),
        (
            "/recipe/jwt/data",
            json!({"sessionHandle": 1, "userDataInJWT": {}}),
            "Field name 'sessionHandle' is invalid in JSON input",
        ),
        (
            "/recipe/jwt/data",
            json!({"sessionHandle": "x_t2", "userDataInJWT": {"sub": "x"}}),
            NO_TENANT,
        ),
    ] {
        assert_refused(&core, &PUT, path, &body, message).await;
    }
    let path = "/recipe/session?sessionHandle=__";
    let failure = "java.lang.ArrayIndexOutOfBoundsException: Index 1 out of bounds for length 0";
    assert_eq!(
        refusal(&core, "5.4", GET, path, "").await,
        (500, failure.to_owned())
    );
    for (method, path) in [
        (PUT, "/recipe/session/refresh"),
        (POST, "/recipe/session/user"),
    ] {
        let (status, message) = refusal(&core, "5.4", method, path, "{}").await;
        assert_eq!((status, message.as_str()), (405, "Method not supported"));
    }
}

#[tokio::test]
async fn tokens_that_may_not_be_regenerated() {
    let (core, _) = core_and_clock();
    let created = created(&core, "5.4", "", &json!({})).await;
    let token = &created["accessToken"]["token"];
    let m2m = core
        .sign(
            SigningKey::Static,
            object(json!({"typ": "JWT", "alg": "RS256"})),
            object(json!({"iss": "d", "exp": 1})),
        )
        .expect("a token");
    let mut payload = object(claims(&string(token)));
    payload.insert("tId".to_owned(), "t2".into());
    let header = object(json!({"typ": "JWT", "alg": "RS256", "version": "5"}));
    let elsewhere = core
        .sign(SigningKey::Dynamic, header, payload)
        .expect("a token");
    let path = "/recipe/session/regenerate";
    for (body, message) in [
        (
            json!({"accessToken": token, "userDataInJWT": {"rsub": "x"}}),
            "The user payload contains protected field",
        ),
        (
            json!({"accessToken": token, "userDataInJWT": null}),
            "Field name 'userDataInJWT' is invalid in JSON input",
        ),
        (json!({"accessToken": elsewhere}), NO_TENANT),
    ] {
        assert_refused(&core, &POST, path, &body, message).await;
    }
    let body = json!({
        "accessToken": elsewhere,
        "doAntiCsrfCheck": false,
        "enableAntiCsrf": false,
        "checkDatabase": false,
    });
    assert_refused(&core, &POST, "/recipe/session/verify", &body, NO_TENANT).await;
    let body = json!({"accessToken": m2m});
    let message =
        "Access token does not contain all the information. Maybe the structure has changed? sub";
    assert_eq!(
        answer(&core, "5.4", POST, path, body).await,
        json!({"status": "UNAUTHORISED", "message": message})
    );
}

#[tokio::test]
async fn what_may_not_be_removed() {
    let (core, _) = core_and_clock();
    let path = "/recipe/session/remove";
    let one_of = "Invalid JSON input - use one of userId or sessionHandles array";
    let invalid = "Field name 'sessionHandles' is invalid in JSON input";
    for (body, message) in [
        (json!({"userId": "u", "sessionHandles": []}), one_of),
        (
            json!({"userId": null}),
            "Field name 'userId' is invalid in JSON input",
        ),
        (json!({"sessionHandles": "h"}), invalid),
        (json!({"sessionHandles": null}), invalid),
        (json!({"sessionHandles": ["h", 1]}), invalid),
        (json!({"sessionHandles": ["x_t2"]}), NO_TENANT),
        (
            json!({"sessionHandles": [], "revokeAcrossAllTenants": true}),
            "Invalid JSON input - revokeAcrossAllTenants can only be set if userId is set",
        ),
        (
            json!({"sessionHandles": [], "revokeSessionsForLinkedAccounts": false}),
            "Invalid JSON input - revokeSessionsForLinkedAccounts can only be set if userId is set",
        ),
        (
            json!({"userId": "u", "revokeAcrossAllTenants": "yes"}),
            "Field name 'revokeAcrossAllTenants' is invalid in JSON input",
        ),
    ] {
        assert_refused(&core, &POST, path, &body, message).await;
    }
    let created = created(&core, "5.4", "", &json!({})).await;
    let handle = &created["session"]["handle"];
    let body = json!({"sessionHandles": [handle, "", handle]});
    let removed = answer(&core, "5.4", POST, path, body).await;
    assert_eq!(removed["sessionHandlesRevoked"], json!([handle, handle]));
}

/// Of the children of one refresh token, whichever is used first goes on; the others are thieves.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_crowd_of_refreshes_ends_in_one_line() {
    let (core, _) = core_and_clock();
    let created = created(&core, "5.4", "", &json!({})).await;
    let parent = created["refreshToken"]["token"].clone();
    let crowd = |tokens: Vec<Value>| {
        let tasks: Vec<_> = tokens
            .into_iter()
            .map(|token| {
                let core = core.clone();
                tokio::spawn(async move { refreshed(&core, "5.4", &token).await })
            })
            .collect();
        async move {
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.expect("an answer"));
            }
            answers
        }
    };
    let children = crowd(vec![parent; 16]).await;
    let children: Vec<Value> = children
        .iter()
        .map(|child| {
            assert_eq!(child["status"], "OK");
            child["refreshToken"]["token"].clone()
        })
        .collect();
    let outcomes = crowd(children).await;
    let good = outcomes.iter().filter(|it| it["status"] == "OK").count();
    assert_eq!(good, 1);
    assert!(
        outcomes
            .iter()
            .all(|it| it["status"] == "OK" || it["status"] == "TOKEN_THEFT_DETECTED")
    );
}
