//! The tokens of a guarded handler.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::{Ident, PatType, Signature};

use super::args::Args;
use super::handler::{CallerParameter, Handler};
use super::policy::Policy;
use crate::cfg::Conditions;
use crate::krate::Krate;

/// From this many arguments on, clippy finds a function too long by default.
const TOO_MANY_ARGUMENTS: usize = 8;

/// ```text
/// Input:   async fn charge(#[caller] who: Caller, body: Body) -> R { tokens }
/// Output:  struct __Policy_charge;
///          impl Policy for __Policy_charge { .. }
///          async fn charge(__m2m: Guard<__Policy_charge>, body: Body) -> R {
///              let who = caller::<Caller, _>(__m2m);
///              tokens
///          }
/// ```
///
/// The policy is in the type of the first argument. So every framework checks it before any other
/// argument, and a route that leaves the guard out does not compile.
pub(super) fn guarded(handler: Handler, args: &Args) -> TokenStream {
    let krate = &args.krate;
    let Handler {
        attrs,
        vis,
        sig,
        caller,
        body,
    } = handler;
    // Our own spans throughout: nothing here is to be found by "go to definition", and lints spare
    // what a macro of another crate made.
    let span = Span::mixed_site();
    let marker = marker(&sig);
    let guard = format_ident!("__m2m", span = span);
    let conditions = Conditions::of(&attrs);
    let rules = rules(&args.policy, krate);
    let place = place(&sig, krate);
    let lint = crowded(&sig, caller.as_ref());
    let guard_parameter = quote_spanned!(span=> #guard: #krate::Guard<#marker>);
    let inputs = sig.inputs.iter().map(ToTokens::to_token_stream);
    let inputs = std::iter::once(guard_parameter).chain(inputs);
    let sig = signature(&sig, inputs, &sig.output);
    let body = match caller {
        // The type stands in the call so that a type which is no caller is marked itself, not the
        // code around it.
        Some(CallerParameter { parameter, .. }) => {
            let PatType { attrs, pat, ty, .. } = parameter;
            body.starting_with(
                &quote_spanned!(span=> #(#attrs)* let #pat = #krate::__private::caller::<#ty, _>(#guard);),
            )
        }
        None => body,
    };
    quote_spanned! {span=>
        #conditions
        #[doc(hidden)]
        #vis struct #marker;

        #conditions
        #[automatically_derived]
        impl #krate::__private::Policy for #marker {
            const RULES: #krate::__private::Rules = #rules;
            const HANDLER: #krate::__private::Handler = #place;
        }

        #(#attrs)*
        #lint
        #vis #sig #body
    }
}

/// `__Policy_charge`, the type that is the handler's policy.
pub(super) fn marker(sig: &Signature) -> Ident {
    format_ident!("__Policy_{}", sig.ident.unraw(), span = Span::mixed_site())
}

/// `Handler::new(..)`: where the handler stands.
pub(super) fn place(sig: &Signature, krate: &Krate) -> TokenStream {
    let name = sig.ident.unraw().to_string();
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::Handler::new(::core::module_path!(), #name, ::core::file!(), ::core::line!())
    }
}

/// `Rules::new().from(&["orders"])`
pub(super) fn rules(policy: &Policy, krate: &Krate) -> TokenStream {
    let services = policy.services();
    let from = (!services.is_empty())
        .then(|| quote_spanned!(Span::mixed_site()=> .from(&[#(#services),*])));
    quote_spanned!(Span::mixed_site()=> #krate::__private::Rules::new() #from)
}

/// Keeps clippy from blaming the user for the argument that we add.
pub(super) fn crowded(sig: &Signature, caller: Option<&CallerParameter>) -> Option<TokenStream> {
    let tipped = caller.is_none() && sig.inputs.len() + 1 == TOO_MANY_ARGUMENTS;
    tipped.then(|| quote_spanned!(Span::mixed_site()=> #[allow(clippy::too_many_arguments)]))
}

/// The signature with other parameters and another return type.
pub(super) fn signature(
    sig: &Signature,
    inputs: impl Iterator<Item = TokenStream>,
    output: &impl ToTokens,
) -> TokenStream {
    let Signature {
        asyncness,
        fn_token,
        ident,
        generics,
        paren_token,
        ..
    } = sig;
    let where_clause = &generics.where_clause;
    let mut tokens = quote!(#asyncness #fn_token #ident #generics);
    paren_token.surround(&mut tokens, |tokens| {
        quote_spanned!(Span::mixed_site()=> #(#inputs),*).to_tokens(tokens);
    });
    quote!(#tokens #output #where_clause)
}
