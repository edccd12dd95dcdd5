//! What a vendor answers.

use std::time::Duration;

use serde_json::Value;

/// The body of an answer.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Empty,
    Json(Value),
    Raw { content_type: &'static str, text: String },
}

/// An answer, or a connection that is to be cut instead.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
    /// What the client did that it may not do, for the list of problems.
    pub(crate) problem: Option<String>,
    pub(crate) cut: bool,
    pub(crate) delay: Duration,
}

impl Reply {
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Body::Empty,
            problem: None,
            cut: false,
            delay: Duration::ZERO,
        }
    }

    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { body: Body::Json(body), ..Self::empty(status) }
    }

    pub(crate) fn cut() -> Self {
        Self { cut: true, ..Self::empty(503) }
    }

    /// What a proxy in front of the vendor answers.
    pub(crate) fn html(status: u16) -> Self {
        let text = include_str!("../../fixtures/bad-gateway.html").to_owned();
        Self { body: Body::Raw { content_type: "text/html", text }, ..Self::empty(status) }
    }

    #[must_use]
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub(crate) fn with_problem(mut self, problem: impl Into<String>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// The same answer with half of its JSON.
    #[must_use]
    pub(crate) fn truncated(mut self) -> Self {
        if let Body::Json(value) = &self.body {
            let whole = value.to_string();
            let half = (0..=whole.len() / 2).rev().find(|at| whole.is_char_boundary(*at));
            let text = whole[..half.unwrap_or(0)].to_owned();
            self.body = Body::Raw { content_type: "application/json; charset=utf-8", text };
        }
        self
    }
}
