//! Users beyond what is recorded: other versions and tenants, and how they are found.

use super::*;

const GET: Method = Method::GET;
const POST: Method = Method::POST;

fn core() -> DevCore {
    DevCore::builder()
        .app("a2")
        .tenant("t1")
        .clock(Arc::new(ManualClock::at_unix_millis(START)))
        .in_memory()
        .expect("right settings")
}

async fn signed(core: &DevCore, version: &str, path: &str, email: &str, password: &str) -> Value {
    let body = json!({"email": email, "password": password});
    answer(core, version, POST, path, body).await
}

#[tokio::test]
async fn a_user_signs_in_where_and_as_they_signed_up() {
    let core = core();
    let up = signed(&core, "5.4", "/recipe/signup", " Ä@Example.com\n", "one").await;
    assert_eq!(up["user"]["emails"], json!(["ä@example.com"]));
    assert_eq!(up["user"]["timeJoined"], START);
    for (path, email, password, status) in [
        ("/recipe/signin", "Ä@EXAMPLE.com", "one", "OK"),
        (
            "/recipe/signin",
            "ä@example.com",
            "One",
            "WRONG_CREDENTIALS_ERROR",
        ),
        (
            "/recipe/signin",
            "ä@example.com",
            "",
            "WRONG_CREDENTIALS_ERROR",
        ),
        (
            "/recipe/signin",
            "b@example.com",
            "one",
            "WRONG_CREDENTIALS_ERROR",
        ),
        (
            "/t1/recipe/signin",
            "ä@example.com",
            "one",
            "WRONG_CREDENTIALS_ERROR",
        ),
        (
            "/appid-a2/recipe/signin",
            "ä@example.com",
            "one",
            "WRONG_CREDENTIALS_ERROR",
        ),
        (
            "/recipe/signup",
            "ä@EXAMPLE.com",
            "two",
            "EMAIL_ALREADY_EXISTS_ERROR",
        ),
        ("/t1/recipe/signup", "ä@example.com", "two", "OK"),
        ("/t1/recipe/signin", "ä@example.com", "two", "OK"),
        (
            "/recipe/signin",
            "ä@example.com",
            "two",
            "WRONG_CREDENTIALS_ERROR",
        ),
    ] {
        let answer = signed(&core, "5.4", path, email, password).await;
        assert_eq!(answer["status"], status, "{path} {email} {password}");
        if path == "/recipe/signin" && status == "OK" {
            assert_eq!(answer, up);
        }
    }
}

#[tokio::test]
async fn each_version_shows_a_user_in_its_own_way() {
    let core = core();
    let up = signed(&core, "5.4", "/recipe/signup", "a@x.fakeemail.com", "pw").await;
    let id = up["user"]["id"].clone();
    assert_eq!(up["user"]["loginMethods"][0]["verified"], true);
    let alone = json!({"id": id, "timeJoined": START, "email": "a@x.fakeemail.com"});
    let mut with_tenants = alone.clone();
    with_tenants["tenantIds"] = json!(["public"]);
    let mut before_webauthn = up["user"].clone();
    before_webauthn
        .as_object_mut()
        .expect("an object")
        .remove("webauthn");
    for (version, user, has_recipe_user) in [
        ("2.21", &alone, false),
        ("3.1", &with_tenants, false),
        ("4.0", &before_webauthn, true),
        ("5.2", &before_webauthn, true),
        ("5.3", &up["user"], true),
    ] {
        let path = "/recipe/signin";
        let answer = signed(&core, version, path, "a@x.fakeemail.com", "pw").await;
        assert_eq!(answer["user"], *user, "{version}");
        assert_eq!(
            answer.get("recipeUserId").is_some(),
            has_recipe_user,
            "{version}"
        );
    }
    let path = format!("/user/id?userId={}", id.as_str().expect("a string"));
    let found = answer(&core, "5.4", GET, &path, "").await;
    assert_eq!(found, json!({"status": "OK", "user": up["user"]}));
    let found = answer(&core, "5.4", GET, &format!("/appid-a2{path}"), "").await;
    assert_eq!(found["status"], "UNKNOWN_USER_ID_ERROR");
}

#[tokio::test]
async fn users_are_found_by_their_email() {
    let core = core();
    let up = signed(&core, "5.4", "/recipe/signup", "a@example.com", "pw").await;
    for (query, count) in [
        ("email=%20A@example.com&doUnionOfAccountInfo=false", 1),
        ("email=b@example.com&doUnionOfAccountInfo=false", 0),
        ("doUnionOfAccountInfo=true", 0),
        (
            "email=a@example.com&phoneNumber=1&doUnionOfAccountInfo=false",
            0,
        ),
        (
            "email=a@example.com&phoneNumber=1&doUnionOfAccountInfo=true",
            1,
        ),
        (
            "email=a@example.com&thirdPartyId=x&thirdPartyUserId=y&doUnionOfAccountInfo=false",
            0,
        ),
    ] {
        let path = format!("/public/users/by-accountinfo?{query}");
        let found = answer(&core, "5.4", GET, &path, "").await;
        assert_eq!(
            found["users"].as_array().map(Vec::len),
            Some(count),
            "{query}"
        );
        if count == 1 {
            assert_eq!(found["users"][0], up["user"]);
        }
    }
    let elsewhere = "/t1/users/by-accountinfo?email=a@example.com&doUnionOfAccountInfo=false";
    assert_eq!(
        answer(&core, "5.4", GET, elsewhere, "").await["users"],
        json!([])
    );
    for (query, message) in [
        (
            "email=a",
            "Field name 'doUnionOfAccountInfo' is missing in GET request",
        ),
        (
            "doUnionOfAccountInfo=True",
            "'doUnionOfAccountInfo' should be either 'true' or 'false'",
        ),
        (
            "doUnionOfAccountInfo=true&thirdPartyId=x",
            "If 'thirdPartyId' is provided, 'thirdPartyUserId' must also be provided, and vice versa",
        ),
    ] {
        let path = format!("/users/by-accountinfo?{query}");
        let refused = refusal(&core, "5.4", GET, &path, "").await;
        assert_eq!(refused, (400, message.to_owned()), "{query}");
    }
}

#[tokio::test]
async fn who_may_not_sign_up() {
    let core = core();
    let put = |factors: Value| {
        let body = json!({"tenantId": "t1", "firstFactors": factors});
        let path = "/recipe/multitenancy/tenant/v2";
        answer(&core, "5.4", Method::PUT, path, body)
    };
    let disabled = (
        403,
        "Email password login not enabled for tenant".to_owned(),
    );
    let body = json!({"email": "a@example.com", "password": "pw"});
    for (factors, refusing) in [
        (json!([]), &["4.0", "5.0"][..]),
        (json!(["otp-email"]), &["4.0"]),
        (json!(["emailpassword"]), &[]),
        (Value::Null, &[]),
    ] {
        put(factors.clone()).await;
        for version in ["4.0", "5.0", "5.1", "5.4"] {
            let path = "/t1/recipe/signin";
            let (status, message) = refusal(&core, version, POST, path, &body).await;
            if refusing.contains(&version) {
                assert_eq!((status, message), disabled, "{version} {factors}");
            } else {
                assert_eq!(status, 200, "{version} {factors}");
            }
        }
    }
    for (path, body, message) in [
        (
            "/recipe/signup",
            json!({"email": "a@example.com", "password": ""}),
            "Password cannot be an empty string",
        ),
        (
            "/recipe/signup",
            json!({"password": "pw"}),
            "Field name 'email' is invalid in JSON input",
        ),
        (
            "/recipe/signin",
            json!({"email": "a", "password": 1}),
            "Field name 'password' is invalid in JSON input",
        ),
        (
            "/t2/recipe/signup",
            body.clone(),
            "AppId or tenantId not found => Tenant with the following connectionURIDomain, appId and tenantId \
             combination not found: (, public, t2)",
        ),
    ] {
        let refused = refusal(&core, "5.4", POST, path, &body).await;
        assert_eq!(refused, (400, message.to_owned()), "{path} {body}");
    }
}

#[tokio::test(start_paused = true)]
async fn under_a_paused_clock_passwords_take_no_time() {
    let core = core();
    let before = tokio::time::Instant::now();
    let up = signed(&core, "5.4", "/recipe/signup", "a@example.com", "pw");
    let up = tokio::time::timeout(Duration::from_millis(10), up).await;
    assert_eq!(up.expect("in time")["status"], "OK");
    assert_eq!(before.elapsed(), Duration::ZERO);
}
