//! A page: who looks at it, what its frame shows, and how it is sent.

use askama::Template;
use askama::filters::HtmlSafe;
use rocket::http::Header;
use rocket::request::{FromRequest, Outcome, Request};
use rocket::response::content::RawHtml;
use rocket::response::{self, Responder, Response};

use super::theme::Theme;
use super::{Failure, assets, csrf, staff};

/// What a page wants to know of the request it answers. A request guard that never fails.
#[derive(Debug, Clone)]
pub struct Visit {
    theme: Theme,
    staff: bool,
    csrf: String,
    path: String,
}

impl Visit {
    /// Reads it from the request, and gives the browser a token for its forms.
    #[must_use]
    pub fn of(request: &Request<'_>) -> Self {
        Self {
            theme: Theme::of(request.cookies()),
            staff: staff::is_staff(request),
            csrf: csrf::token(request),
            path: request.uri().path().to_string(),
        }
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Visit {
    type Error = std::convert::Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Self::Error> {
        Outcome::Success(Self::of(request))
    }
}

/// What `layout.html` shows around a page. Every page template has it in its field `page`.
#[derive(Debug, Clone)]
pub struct PageHead {
    /// The title of the document, before the name of the site.
    pub title: String,
    /// The theme that this browser chose.
    pub theme: Theme,
    /// Whether the links and buttons of staff are shown.
    pub staff: bool,
    /// The token that forms carry in their hidden field `csrf`.
    pub csrf: String,
    /// The path of the page itself, to come back to.
    pub path: String,
}

impl PageHead {
    /// The frame of a page with this title, for this visit.
    pub fn new(title: impl Into<String>, visit: &Visit) -> Self {
        Self {
            title: title.into(),
            theme: visit.theme,
            staff: visit.staff,
            csrf: visit.csrf.clone(),
            path: visit.path.clone(),
        }
    }

    /// `aria-current` for a link of the navigation: on the page itself and below it.
    #[must_use]
    pub fn current(&self, link: &str) -> Markup {
        let below = self.path.strip_prefix(link).is_some_and(|rest| rest.starts_with('/'));
        Markup(if self.path == link {
            " aria-current=\"page\"".into()
        } else if below && link != "/" {
            " aria-current=\"true\"".into()
        } else {
            String::new()
        })
    }

    /// `aria-pressed` for a button of the theme's switch.
    #[must_use]
    pub fn has_theme(&self, name: &str) -> bool {
        self.theme.name() == name
    }

    /// The element that loads the script `static/ts/<name>.ts`.
    #[must_use]
    pub fn script(&self, name: &str) -> Markup {
        Markup(match assets::url(&format!("{name}.js")) {
            Some(url) => format!("<script type=\"module\" src=\"{url}\"></script>"),
            None => missing(name),
        })
    }

    /// The address of an asset by its name, such as `app.css`.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::url(name).unwrap_or_else(|| missing(name))
    }
}

fn missing(name: &str) -> String {
    tracing::error!("a page names the asset {name}, which does not exist");
    String::new()
}

/// Text that is HTML already.
#[derive(Debug)]
pub struct Markup(String);

impl std::fmt::Display for Markup {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// A rendered template as a response. It shows the values of this moment to this
/// browser, so it is asked for anew each time.
#[derive(Debug)]
pub struct Page<T>(pub T);

impl<'r, T: Template> Responder<'r, 'static> for Page<T> {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        match self.0.render() {
            Ok(html) => Response::build_from(RawHtml(html).respond_to(request)?)
                .header(Header::new("Cache-Control", "private, no-cache"))
                .ok(),
            Err(error) => Failure::internal(error).respond_to(request),
        }
    }
}
