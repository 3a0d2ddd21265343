//! The header that the generator makes of `info.version`, which Azure does not
//! know: out of each method, before anything is sent.

use syn::{Expr, ImplItem, Item, Stmt};

const MAP: &str = "header_map";

/// Takes it out wherever it is.
pub(crate) fn take_out(file: &mut syn::File) {
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
        take_out(&mut file);
        file.to_token_stream().to_string()
    }

    #[test]
    fn it_goes_with_the_map_that_holds_nothing_else() {
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
