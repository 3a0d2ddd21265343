//! The enums of polymorphic values, which the generator cannot write.

use anyhow::Result;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};

use crate::lower::{Lowered, Tagged, Variant};
use crate::pointer::Pointer;
use crate::spec::Spec;

/// Puts each enum in the place of the struct that stands for it.
pub(crate) fn put_enums(spec: &Spec, lowered: &Lowered, file: &mut syn::File) -> Result<()> {
    let types = file.items.iter_mut().find_map(|item| match item {
        syn::Item::Mod(module) if module.ident == "types" => module.content.as_mut(),
        _ => None,
    });
    let mut no_types = Vec::new();
    let items = types.map_or(&mut no_types, |(_, items)| items);
    for (name, tagged) in &lowered.tagged {
        let place = items
            .iter()
            .position(|item| matches!(item, syn::Item::Struct(item) if item.ident == name));
        let Some(place) = place else {
            let at = lowered.origin(&Pointer::schema(name));
            return Err(spec.error(&at, "the generator made no struct for the enum to replace"));
        };
        let syn::Item::Struct(found) = &items[place] else {
            continue;
        };
        let is_doc = |attribute: &&syn::Attribute| attribute.path().is_ident("doc");
        let docs = found.attrs.iter().filter(is_doc);
        let source = tagged_enum(name, tagged, quote! { #(#docs)* });
        let source: syn::File = syn::parse2(source)?;
        items.splice(place..=place, source.items);
    }
    Ok(())
}

fn tagged_enum(name: &str, tagged: &Tagged, docs: TokenStream) -> TokenStream {
    let Tagged { property, variants } = tagged;
    let name = format_ident!("{name}");
    let idents: Vec<_> = variants
        .iter()
        .map(|variant| format_ident!("{}", variant.name))
        .collect();
    let tags: Vec<_> = variants.iter().map(|variant| &variant.tag).collect();
    let types = variants.iter().map(|variant: &Variant| {
        let holds = format_ident!("{}", variant.holds);
        match variant.is_boxed {
            true => quote! { ::std::boxed::Box<#holds> },
            false => quote! { #holds },
        }
    });
    let variant_docs = tags.iter().map(|tag| format!("`{property}` is `{tag}`."));
    quote! {
        #docs
        #[derive(::serde::Serialize, Clone, Debug)]
        #[serde(tag = #property)]
        pub enum #name {
            #(
                #[doc = #variant_docs]
                #[serde(rename = #tags)]
                #idents(#types),
            )*
            ///Anything else, kept whole.
            #[serde(untagged)]
            Unknown(::amlkeys_secret::SecretObject),
        }
        impl<'de> ::serde::Deserialize<'de> for #name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                ::amlkeys_secret::tagged::deserialize(deserializer)
            }
        }
        impl ::amlkeys_secret::tagged::Tagged for #name {
            const TAG: &'static str = #property;
            fn decode<'de, A: ::serde::de::MapAccess<'de>>(
                properties: &mut ::amlkeys_secret::tagged::Properties<'de, A>,
            ) -> ::std::result::Result<Self, A::Error> {
                match properties.tag() {
                    #(::std::option::Option::Some(#tags) => properties.known().map(Self::#idents),)*
                    _ => properties.unknown().map(Self::Unknown),
                }
            }
        }
    }
}
