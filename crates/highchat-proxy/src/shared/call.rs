//! The scripts that run in Redis, each of them in one piece.

use std::sync::LazyLock;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script, ToRedisArgs, Value};

macro_rules! scripts {
    ($($name:ident $file:literal)*) => {
        $(pub(super) static $name: LazyLock<Script> =
            LazyLock::new(|| Script::new(include_str!(concat!("scripts/", $file, ".lua"))));)*
    };
}

scripts! {
    ADMIT "admit"
    BEGIN_TURN "begin_turn"
    END_TURN "end_turn"
    FIND_ANSWER "find_answer"
    GIVE_BACK "give_back"
    IS_NEWEST "is_newest"
    KEEP_ANSWER "keep_answer"
    LEAVE "leave"
    RESTORE "restore"
    SYNC "sync"
    TAKE "take"
}

/// A script with its keys and arguments.
pub(super) struct Call {
    script: &'static Script,
    keys: Vec<String>,
    arguments: Vec<Vec<u8>>,
}

impl Call {
    pub(super) fn new(script: &'static LazyLock<Script>) -> Self {
        Self {
            script,
            keys: Vec::new(),
            arguments: Vec::new(),
        }
    }

    pub(super) fn key(mut self, key: impl Into<String>) -> Self {
        self.keys.push(key.into());
        self
    }

    pub(super) fn arg(mut self, argument: impl ToRedisArgs) -> Self {
        self.arguments.extend(argument.to_redis_args());
        self
    }

    pub(super) fn args<A: ToRedisArgs>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    pub(super) async fn run(self, mut connection: MultiplexedConnection) -> RedisResult<Value> {
        let mut invocation = self.script.prepare_invoke();
        for key in &self.keys {
            invocation.key(key);
        }
        for argument in &self.arguments {
            invocation.arg(argument.as_slice());
        }
        invocation.invoke_async(&mut connection).await
    }
}
