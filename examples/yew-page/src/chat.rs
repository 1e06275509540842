//! The chat on the screen.

use futures_channel::mpsc::{Sender, channel};
use highchat_reqwest::{Client, Message, Rating, Session, State, Update};
use web_sys::HtmlTextAreaElement;
use yew::platform::spawn_local;
use yew::prelude::*;

use crate::talk::{Command, talk};
use crate::transcript::{Author, Line, Status, Transcript, sentence};

/// Commands that wait for the session. The page gives few: it waits for the end of each.
const WAITING: usize = 8;

/// The client of the service, or an error in the page's address. It is read once.
#[derive(Properties)]
pub(crate) struct Props {
    pub(crate) client: Result<Client, String>,
}

impl PartialEq for Props {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What happens to the chat.
pub(crate) enum Event {
    Typed(String),
    Sent,
    Stopped,
    Rated(Rating),
    Updated(Update<'static>),
}

/// A chat: who answers, the messages, a rating and a text field.
pub(crate) struct Chat {
    commands: Sender<Command>,
    transcript: Transcript,
    state: State,
    /// The conversation has begun, so it can be rated.
    has_begun: bool,
    is_rating: bool,
    typed: String,
    /// A sentence about what the user just did.
    notice: Option<String>,
}

impl Component for Chat {
    type Message = Event;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let (commands, receiver) = channel(WAITING);
        let mut notice = None;
        match &ctx.props().client {
            Ok(client) => {
                let show = ctx.link().callback(Event::Updated);
                let session = Session::new(client.clone());
                spawn_local(talk(session, receiver, move |update| show.emit(update)));
            }
            Err(why) => notice = Some(why.clone()),
        }
        Self {
            commands,
            transcript: Transcript::default(),
            state: State::Bot,
            has_begun: false,
            is_rating: false,
            typed: String::new(),
            notice,
        }
    }

    fn update(&mut self, _: &Context<Self>, event: Event) -> bool {
        match event {
            Event::Typed(text) => self.typed = text,
            Event::Sent => self.send(),
            Event::Stopped => drop(self.command(Command::Stop)),
            Event::Rated(rating) => self.is_rating |= self.command(Command::Rate(rating)),
            Event::Updated(update) => self.apply(&update),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        html! {
            <main>
                <p role="status" class="state">{ describe(&self.state) }</p>
                <div role="log" aria-label="Զրույցի հաղորդագրությունները" tabindex="0">
                    { for self.transcript.lines().iter().map(line) }
                </div>
                if self.has_begun { { self.rating(ctx) } }
                { self.composer(ctx) }
                <p role="status" class="notice">{ self.notice.as_deref().unwrap_or_default() }</p>
            </main>
        }
    }
}

impl Chat {
    fn send(&mut self) {
        if self.transcript.is_busy() {
            return;
        }
        match Message::new(self.typed.trim()) {
            Ok(message) => {
                let text = message.as_str().to_owned();
                if self.command(Command::Send(message)) {
                    self.transcript.send(&text);
                    self.typed.clear();
                }
            }
            Err(_) => self.notice = Some("Գրեք 1-ից 4000 նիշ։".to_owned()),
        }
    }

    /// Passes a command to the session. `false` if there is no session.
    fn command(&mut self, command: Command) -> bool {
        let is_passed = self.commands.try_send(command).is_ok();
        if is_passed {
            self.notice = None;
        }
        is_passed
    }

    fn apply(&mut self, update: &Update<'_>) {
        self.transcript.apply(update);
        match update {
            Update::Meta { .. } => self.has_begun = true,
            Update::State(state) => self.state = State::clone(state),
            Update::Delayed { .. } => {
                self.notice = Some("Կապը կորել է, վերականգնում ենք…".to_owned());
            }
            Update::Rated { .. } => {
                self.is_rating = false;
                self.notice = Some("Շնորհակալություն գնահատականի համար։".to_owned());
            }
            Update::RatingFailed { error, .. } => {
                self.is_rating = false;
                self.notice = Some(sentence(error));
            }
            Update::TurnEnded { .. } => self.notice = None,
            _ => {}
        }
    }

    fn rating(&self, ctx: &Context<Self>) -> Html {
        let button = |rating, sign: &'static str, label: &'static str| {
            let onclick = ctx
                .link()
                .callback(move |_: MouseEvent| Event::Rated(rating));
            html! {
                <button type="button" aria-label={label} disabled={self.is_rating} {onclick}>
                    { sign }
                </button>
            }
        };
        html! {
            <div role="group" aria-label="Ինչպե՞ս էր զրույցը">
                { button(Rating::Up, "👍", "Լավ էր") }
                { button(Rating::Down, "👎", "Վատ էր") }
            </div>
        }
    }

    fn composer(&self, ctx: &Context<Self>) -> Html {
        let oninput = ctx.link().callback(|event: InputEvent| {
            let field: HtmlTextAreaElement = event.target_unchecked_into();
            Event::Typed(field.value())
        });
        let onsubmit = ctx.link().callback(|event: SubmitEvent| {
            event.prevent_default();
            Event::Sent
        });
        // Enter in an input method chooses a word.
        let onkeydown = ctx.link().batch_callback(|event: KeyboardEvent| {
            let sends = event.key() == "Enter" && !event.shift_key() && !event.is_composing();
            sends.then(|| {
                event.prevent_default();
                Event::Sent
            })
        });
        html! {
            <form {onsubmit}>
                <textarea rows="2" aria-label="Ձեր հաղորդագրությունը" value={self.typed.clone()}
                    {oninput} {onkeydown} />
                if self.transcript.is_busy() {
                    <button type="button" onclick={ctx.link().callback(|_: MouseEvent| Event::Stopped)}>
                        { "Կանգնեցնել" }
                    </button>
                } else {
                    <button type="submit">{ "Ուղարկել" }</button>
                }
            </form>
        }
    }
}

fn line(line: &Line) -> Html {
    let is_writing = line.author == Author::Bot && line.status == Status::Pending;
    html! {
        <div data-author={line.author.name()} data-status={line.status.name()}
            aria-busy={is_writing.to_string()}>
            // Yew makes a text of it, never HTML.
            <p class="text" dir="auto">{ line.text.clone() }</p>
            if let Some(trouble) = &line.trouble {
                <p class="trouble" dir="auto">{ trouble.clone() }</p>
            }
        </div>
    }
}

fn describe(state: &State) -> &'static str {
    match state {
        State::PendingHuman => "Կանչված է աշխատակից",
        State::Human => "Պատասխանում է աշխատակիցը",
        State::Closed => "Զրույցը փակված է",
        _ => "Պատասխանում է բոտը",
    }
}
