//! The tokens of a handler whose answer may say more than it does itself.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, FnArg, GenericParam, Generics, Ident, Pat, PatType, ReturnType};

use super::args::Args;
use super::emit::{crowded, marker, place, rules, signature};
use super::handler::{CallerParameter, Handler};
use super::user::UserPolicy;
use crate::attr;
use crate::cfg::Conditions;
use crate::krate::Krate;

/// ```text
/// Input:   async fn like(#[caller] who: Principal, Path(id): Path<u64>) -> R { tokens }
/// Output:  struct __Policy_like;
///          impl PrincipalPolicy for __Policy_like { .. }
///          async fn like(__m2m: PrincipalGuard<__Policy_like>, __1: Path<u64>) -> Reply<R> {
///              async fn like(who: Principal, Path(id): Path<u64>) -> R { tokens }
///              let __caller = principal::<Principal, _>(&__m2m);
///              reply(__m2m, like(__caller, __1).await)
///          }
/// ```
///
/// The body is in a function of its own, so that `?`, `return` and `impl Trait` mean what they say.
pub(super) fn guarded(handler: Handler, args: &Args) -> TokenStream {
    let Handler {
        attrs,
        vis,
        sig,
        caller,
        body,
    } = handler;
    let krate = &args.krate;
    let span = Span::mixed_site();
    let marker = marker(&sig);
    let guard = format_ident!("__m2m", span = span);
    let conditions = Conditions::of(&attrs);
    let service = rules(&args.policy, krate);
    let user = user_rules(&args.users, krate);
    let place = place(&sig, krate);
    let lint = crowded(&sig, caller.as_ref());

    let mut names = vec![sig.ident.to_string()];
    let mut parameters: Vec<Parameter> = Vec::new();
    for (at, input) in sig.inputs.iter().enumerate() {
        if let FnArg::Typed(parameter) = input {
            parameters.push(Parameter::forwarded(at, parameter, &mut names));
        }
    }
    let outer = parameters.iter().filter_map(|it| it.outer.clone());
    let outer = std::iter::once(quote_spanned!(span=> #guard: #krate::PrincipalGuard<#marker>))
        .chain(outer);
    let answer = match &sig.output {
        ReturnType::Default => quote_spanned!(span=> ()),
        ReturnType::Type(_, ty) => ty.to_token_stream(),
    };
    let answer = quote_spanned!(span=> -> #krate::__private::Reply<#answer>);
    let outer = signature(&sig, outer, &answer);

    let binding = caller.map(
        |CallerParameter {
             position,
             parameter,
         }| {
            let name = format_ident!("__caller", span = span);
            let (conditions, ty) = (Conditions::of(&parameter.attrs), &parameter.ty);
            // The type stands in the call so that a type which is no caller is marked itself, not the
            // code around it.
            let binding = quote_spanned! {span=>
                #conditions
                let #name = #krate::__private::principal::<#ty, _>(&#guard);
            };
            parameters.insert(position, Parameter::supplied(&name, &parameter));
            binding
        },
    );
    let inner = signature(
        &sig,
        parameters.iter().map(|it| it.inner.clone()),
        &sig.output,
    );
    let arguments = parameters.iter().map(|it| &it.argument);
    let (name, generics) = (&sig.ident, turbofish(&sig.generics));
    let (inward, outward): (Vec<_>, Vec<_>) = attrs.into_iter().partition(looks_into_body);
    quote_spanned! {span=>
        #conditions
        #[doc(hidden)]
        #vis struct #marker;

        #conditions
        #[automatically_derived]
        impl #krate::__private::PrincipalPolicy for #marker {
            const SERVICE: #krate::__private::Rules = #service;
            const USER: #krate::__private::UserRules = #user;
            const HANDLER: #krate::__private::Handler = #place;
        }

        #(#outward)*
        #lint
        #vis #outer {
            // Clippy spares a handler that awaits nothing, but not one that is called; and it has counted the arguments.
            #(#inward)*
            #[allow(clippy::unused_async, clippy::too_many_arguments)]
            #inner #body

            #binding
            #krate::__private::reply(#guard, #name #generics (#(#arguments),*).await)
        }
    }
}

/// One parameter in the three places where it is needed.
struct Parameter {
    /// In the function that the framework calls, unless the guard supplies it.
    outer: Option<TokenStream>,
    /// In the user's function.
    inner: TokenStream,
    /// In the call from one to the other.
    argument: TokenStream,
}

impl Parameter {
    /// What the framework provides. Frameworks may look at names, so a name stays. What is not one gets one, and so does what
    /// would hide our names, the user's function, or another parameter: in macros two of them may sound the same.
    fn forwarded(at: usize, parameter: &PatType, taken: &mut Vec<String>) -> Self {
        let PatType { attrs, pat, ty, .. } = parameter;
        let free = |name: &String| !name.starts_with("__") && !taken.contains(name);
        let name = match &**pat {
            Pat::Ident(pat) if free(&pat.ident.to_string()) => {
                let mut name = pat.ident.clone();
                // Clippy spares what a macro made, such as the use of `_name`.
                name.set_span(Span::mixed_site());
                name
            }
            _ => format_ident!("__{}", at + 1, span = Span::mixed_site()),
        };
        taken.push(name.to_string());
        let conditions = Conditions::of(attrs);
        let frameworks = attrs
            .iter()
            .filter(|attr| !attr::is_one_of(attr, LINT_LEVELS) && !is_condition(attr));
        let outer = quote_spanned!(Span::mixed_site()=> #conditions #(#frameworks)* #name: #ty);
        Self {
            outer: Some(outer),
            ..Self::supplied(&name, parameter)
        }
    }

    /// What stands in a variable.
    fn supplied(name: &Ident, parameter: &PatType) -> Self {
        let PatType { attrs, pat, ty, .. } = parameter;
        let conditions = Conditions::of(attrs);
        let compilers = attrs
            .iter()
            .filter(|attr| attr::is_one_of(attr, LINT_LEVELS) || is_condition(attr));
        Self {
            outer: None,
            inner: quote!(#(#compilers)* #pat: #ty),
            argument: quote!(#conditions #name),
        }
    }
}

/// They hold for all that stands below them, so one place is enough; `expect` would be wrong in two.
const LINT_LEVELS: &[&str] = &["allow", "expect", "warn", "deny", "forbid"];

fn is_condition(attr: &Attribute) -> bool {
    attr::is_one_of(attr, &["cfg", "cfg_attr"])
}

/// Whether the attribute is about the user's function: `#[tracing::instrument]` names its parameters and looks at what it
/// returns. All others are about the handler, as the framework sees it.
fn looks_into_body(attr: &Attribute) -> bool {
    let segment = attr.path().segments.last();
    segment.is_some_and(|segment| segment.ident == "instrument")
}

/// `::<S, N>`: what is no argument's type cannot be inferred in a call. Conditions cannot stand there.
fn turbofish(generics: &Generics) -> Option<TokenStream> {
    let conditional = generics.params.iter().any(|parameter| match parameter {
        GenericParam::Type(parameter) => !parameter.attrs.is_empty(),
        GenericParam::Const(parameter) => !parameter.attrs.is_empty(),
        GenericParam::Lifetime(_) => false,
    });
    if conditional {
        return None;
    }
    let names: Vec<&Ident> = generics
        .params
        .iter()
        .filter_map(|parameter| match parameter {
            GenericParam::Type(parameter) => Some(&parameter.ident),
            GenericParam::Const(parameter) => Some(&parameter.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    (!names.is_empty()).then(|| quote_spanned!(Span::mixed_site()=> ::<#(#names),*>))
}

/// `UserRules::new().check_database(true)`
fn user_rules(policy: &UserPolicy, krate: &Krate) -> TokenStream {
    let UserPolicy {
        anti_csrf,
        check_database,
        tenant,
        claims,
    } = policy;
    let span = Span::mixed_site();
    let anti_csrf = anti_csrf.map(|check| quote_spanned!(span=> .anti_csrf(#check)));
    let check_database = check_database.map(|check| quote_spanned!(span=> .check_database(#check)));
    let tenant = tenant
        .as_ref()
        .map(|name| quote_spanned!(span=> .tenant(#name)));
    let rules = quote_spanned!(span=> #krate::__private::UserRules::new() #anti_csrf #check_database #tenant);
    if claims.is_empty() {
        return rules;
    }
    // What is no validator is marked itself.
    let claims = claims
        .iter()
        .map(|path| quote_spanned!(path.span()=> &#path));
    quote_spanned! {span=> {
        // Of a `static`, this outlives the constant only as one of its own.
        const __CLAIMS: &[&dyn #krate::ClaimValidator] = &[#(#claims),*];
        #rules.claims(__CLAIMS)
    }}
}
