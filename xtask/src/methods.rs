//! What is changed in the methods that the generator writes.

use syn::visit_mut::{self, VisitMut};
use syn::{Expr, ExprPath, ImplItem, Item, Stmt, parse_quote};

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
