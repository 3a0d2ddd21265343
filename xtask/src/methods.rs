//! What is changed in the methods that the generator writes.

use std::mem;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Expr, ExprPath, FnArg, Ident, ImplItem, ImplItemFn, Item, Macro, Pat, Stmt, Token, Type,
    parse_quote,
};

const MAP: &str = "header_map";

/// Has bodies read by `amlkeys_client::decode`.
pub(crate) fn decode_by_ours(file: &mut syn::File) {
    Decoding.visit_file_mut(file);
}

struct Decoding;

impl VisitMut for Decoding {
    fn visit_expr_path_mut(&mut self, path: &mut ExprPath) {
        let segments = path.path.segments.iter();
        if segments
            .map(|it| &it.ident)
            .eq(["ResponseValue", "from_response"])
        {
            *path = parse_quote! { crate::decode::decoded };
        }
        visit_mut::visit_expr_path_mut(self, path);
    }
}

/// Has each text of a path encoded as it is, where the generator copies it first.
pub(crate) fn encode_in_place(file: &mut syn::File) {
    Encoding { texts: Vec::new() }.visit_file_mut(file);
}

struct Encoding {
    /// The parameters of the method that are `&str`.
    texts: Vec<Ident>,
}

impl VisitMut for Encoding {
    fn visit_impl_item_fn_mut(&mut self, method: &mut ImplItemFn) {
        self.texts = method.sig.inputs.iter().filter_map(text).collect();
        visit_mut::visit_impl_item_fn_mut(self, method);
    }

    fn visit_macro_mut(&mut self, called: &mut Macro) {
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if called.path.is_ident("format")
            && let Ok(mut arguments) = called.parse_body_with(arguments)
        {
            arguments.iter_mut().for_each(|it| self.visit_expr_mut(it));
            called.tokens = arguments.into_token_stream();
        }
    }

    /// `&name.to_string()`
    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Reference(reference) = expression
            && let Expr::MethodCall(call) = &mut *reference.expr
            && call.method == "to_string"
            && let Expr::Path(path) = &*call.receiver
            && self.texts.iter().any(|it| path.path.is_ident(it))
        {
            let name = mem::replace(&mut *call.receiver, Expr::PLACEHOLDER);
            *expression = name;
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

/// The name of a parameter that is `&str`.
fn text(argument: &FnArg) -> Option<Ident> {
    let FnArg::Typed(argument) = argument else {
        return None;
    };
    let (Pat::Ident(name), Type::Reference(reference)) = (&*argument.pat, &*argument.ty) else {
        return None;
    };
    let is_text = matches!(&*reference.elem, Type::Path(path) if path.path.is_ident("str"));
    is_text.then(|| name.ident.clone())
}

/// Takes out the header that the generator makes of `info.version`, which Azure
/// does not know.
pub(crate) fn send_no_version_header(file: &mut syn::File) {
    let impls = file.items.iter_mut().filter_map(|item| match item {
        Item::Impl(item) => Some(&mut item.items),
        _ => None,
    });
    for item in impls.flatten() {
        if let ImplItem::Fn(method) = item {
            take_out_of(&mut method.block.stmts);
        }
    }
}

fn take_out_of(body: &mut Vec<Stmt>) {
    body.retain(|statement| !appended(statement).is_some_and(is_of_info_version));
    // Nothing is left to send with an empty map.
    if !body.iter().any(|statement| appended(statement).is_some()) {
        body.retain(|statement| !declares_map(statement));
        for statement in body {
            if let Stmt::Local(local) = statement
                && let Some(init) = &mut local.init
            {
                take_map_out_of(&mut init.expr);
            }
        }
    }
}

/// The value of `header_map.append(name, value)`.
fn appended(statement: &Stmt) -> Option<&Expr> {
    match statement {
        Stmt::Expr(Expr::MethodCall(call), _)
            if call.method == "append" && is_map(&call.receiver) =>
        {
            call.args.last()
        }
        _ => None,
    }
}

/// Whether it is `HeaderValue::from_static(Self::api_version())`.
fn is_of_info_version(value: &Expr) -> bool {
    let Expr::Call(of) = value else {
        return false;
    };
    matches!(of.args.first(), Some(Expr::Call(call)) if ends_in(&call.func, "api_version"))
}

fn declares_map(statement: &Stmt) -> bool {
    let Stmt::Local(local) = statement else {
        return false;
    };
    matches!(&local.pat, syn::Pat::Ident(name) if name.ident == MAP)
}

fn ends_in(expression: &Expr, name: &str) -> bool {
    let Expr::Path(path) = expression else {
        return false;
    };
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident == name)
}

fn is_map(expression: &Expr) -> bool {
    matches!(expression, Expr::Path(path) if path.path.is_ident(MAP))
}

/// Takes `.headers(header_map)` out of a chain of calls.
fn take_map_out_of(chain: &mut Expr) {
    match chain {
        Expr::Try(expression) => take_map_out_of(&mut expression.expr),
        Expr::MethodCall(call) if call.method == "headers" && call.args.iter().all(is_map) => {
            *chain = (*call.receiver).clone();
        }
        Expr::MethodCall(call) => take_map_out_of(&mut call.receiver),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use quote::{ToTokens, quote};

    use super::*;

    fn without(method: proc_macro2::TokenStream) -> String {
        let mut file: syn::File = syn::parse2(quote! { impl Client { #method } }).unwrap();
        send_no_version_header(&mut file);
        file.to_token_stream().to_string()
    }

    #[test]
    fn bodies_are_read_by_ours() {
        let mut file: syn::File = parse_quote! {
            impl Client {
                async fn get(&self) -> Result<ResponseValue<Keys>> {
                    match status {
                        200u16 => ResponseValue::from_response(response).await,
                        _ => Err(Error::UnexpectedResponse(response)),
                    }
                }
            }
        };
        decode_by_ours(&mut file);
        let expected: syn::File = parse_quote! {
            impl Client {
                async fn get(&self) -> Result<ResponseValue<Keys>> {
                    match status {
                        200u16 => crate::decode::decoded(response).await,
                        _ => Err(Error::UnexpectedResponse(response)),
                    }
                }
            }
        };
        assert_eq!(
            file.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }

    #[test]
    fn a_text_is_encoded_without_a_copy() {
        let mut file: syn::File = parse_quote! {
            impl Client {
                fn get<'a>(&'a self, name: &'a str, id: &'a Uuid) {
                    let url = format!(
                        "{}/{}/{}", self.baseurl, encode_path(&name.to_string()),
                        encode_path(&id.to_string()),
                    );
                }
                fn put(&self, name: u32) {
                    let url = format!("{}", encode_path(&name.to_string()));
                }
            }
        };
        encode_in_place(&mut file);
        let expected: syn::File = parse_quote! {
            impl Client {
                fn get<'a>(&'a self, name: &'a str, id: &'a Uuid) {
                    let url = format!(
                        "{}/{}/{}", self.baseurl, encode_path(name),
                        encode_path(&id.to_string()),
                    );
                }
                fn put(&self, name: u32) {
                    let url = format!("{}", encode_path(&name.to_string()));
                }
            }
        };
        assert_eq!(
            file.to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }

    #[test]
    fn the_version_header_goes_with_the_map_that_holds_nothing_else() {
        let method = quote! {
            fn get(&self) -> Result<()> {
                let mut header_map = HeaderMap::with_capacity(1usize);
                header_map.append(
                    HeaderName::from_static("api-version"),
                    HeaderValue::from_static(Self::api_version()),
                );
                let request = self.client.get(url).headers(header_map).build()?;
                self.exec(request)
            }
        };
        let expected = quote! {
            impl Client {
                fn get(&self) -> Result<()> {
                    let request = self.client.get(url).build()?;
                    self.exec(request)
                }
            }
        };
        assert_eq!(without(method), expected.to_string());
    }

    #[test]
    fn a_header_of_the_document_stays_whatever_its_name() {
        let method = quote! {
            fn get(&self, version: &str) -> Result<()> {
                let mut header_map = HeaderMap::with_capacity(2usize);
                header_map.append(
                    HeaderName::from_static("api-version"),
                    HeaderValue::from_static(Self::api_version()),
                );
                header_map.append("api-version", version.to_string().try_into()?);
                let request = self.client.get(url).headers(header_map).build()?;
                self.exec(request)
            }
        };
        let expected = quote! {
            impl Client {
                fn get(&self, version: &str) -> Result<()> {
                    let mut header_map = HeaderMap::with_capacity(2usize);
                    header_map.append("api-version", version.to_string().try_into()?);
                    let request = self.client.get(url).headers(header_map).build()?;
                    self.exec(request)
                }
            }
        };
        assert_eq!(without(method), expected.to_string());
    }
}
