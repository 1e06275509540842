//! A chat page in Rust. The address says with whom: `?slug=demo&base=http://127.0.0.1:8787`.

mod chat;
mod talk;
mod transcript;

use highchat_reqwest::{Client, Credentials, Endpoint};
use yew::Renderer;

use crate::chat::{Chat, Props};

fn main() {
    let client = client();
    Renderer::<Chat>::with_props(Props { client }).render();
}

/// The service that the page's address names, or why it names none.
fn client() -> Result<Client, String> {
    let query = web_sys::window()
        .and_then(|window| window.location().search().ok())
        .and_then(|search| web_sys::UrlSearchParams::new_with_str(&search).ok());
    let value = |name: &str| query.as_ref().and_then(|query| query.get(name));
    let slug = value("slug").unwrap_or_else(|| "demo".to_owned());
    let base = value("base").unwrap_or_else(|| Endpoint::DEFAULT_BASE_URL.to_owned());
    let slug = Credentials::slug(slug).map_err(|error| error.to_string())?;
    let endpoint = Endpoint::new(&base, slug).map_err(|error| error.to_string())?;
    Ok(Client::new(endpoint))
}
