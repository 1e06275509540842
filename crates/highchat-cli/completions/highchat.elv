
use builtin;
use str;

set edit:completion:arg-completer[highchat] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'highchat'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'highchat'= {
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand ask 'Send one message and stream the reply to standard output'
            cand chat 'Talk with the bot, and with the person it hands over to'
            cand watch 'Print what a person writes in a conversation, until the bot is back or the conversation is closed'
            cand rate 'Rate a conversation'
            cand sandbox 'Run a local /v1 service for development, demonstrations and tests'
            cand proxy 'Put a backend between browsers and the service, so that the key never leaves your server'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'highchat;ask'= {
            cand --wait 'After a handoff, stay and print what the person writes, until the bot is back or the conversation is closed. With SECONDS, stay at most that long'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]'
            cand --base-url 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up if the head of the response does not arrive in this time [default: 60]'
            cand --idle-timeout 'Give up a reply if nothing arrives for this long [default: 60]'
            cand --progress-timeout 'Give up a reply if nothing but pings arrives for this long [default: 300]'
            cand --poll-interval 'Time between two polls for a person''s messages [default: 4]'
            cand --attempts 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]'
            cand --conversation 'Continue this conversation [env: HIGHCHAT_CONVERSATION]'
            cand --visitor 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]'
            cand --color 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
            cand --sandbox 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
            cand --insecure-http 'Allow http:// to another host. Anybody on the network path can read the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object per line'
            cand -v 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand --verbose 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;chat'= {
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]'
            cand --base-url 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up if the head of the response does not arrive in this time [default: 60]'
            cand --idle-timeout 'Give up a reply if nothing arrives for this long [default: 60]'
            cand --progress-timeout 'Give up a reply if nothing but pings arrives for this long [default: 300]'
            cand --poll-interval 'Time between two polls for a person''s messages [default: 4]'
            cand --attempts 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]'
            cand --conversation 'Continue this conversation [env: HIGHCHAT_CONVERSATION]'
            cand --visitor 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]'
            cand --color 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
            cand --sandbox 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
            cand --insecure-http 'Allow http:// to another host. Anybody on the network path can read the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object per line'
            cand -v 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand --verbose 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;watch'= {
            cand --after 'Start after this time, in the format of the service. Without it, start with what the service returns'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]'
            cand --base-url 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up if the head of the response does not arrive in this time [default: 60]'
            cand --idle-timeout 'Give up a reply if nothing arrives for this long [default: 60]'
            cand --progress-timeout 'Give up a reply if nothing but pings arrives for this long [default: 300]'
            cand --poll-interval 'Time between two polls for a person''s messages [default: 4]'
            cand --attempts 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]'
            cand --color 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
            cand --sandbox 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
            cand --insecure-http 'Allow http:// to another host. Anybody on the network path can read the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object per line'
            cand -v 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand --verbose 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;rate'= {
            cand --comment 'A comment on the rating'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]'
            cand --base-url 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up if the head of the response does not arrive in this time [default: 60]'
            cand --idle-timeout 'Give up a reply if nothing arrives for this long [default: 60]'
            cand --progress-timeout 'Give up a reply if nothing but pings arrives for this long [default: 300]'
            cand --poll-interval 'Time between two polls for a person''s messages [default: 4]'
            cand --attempts 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]'
            cand --color 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
            cand --sandbox 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
            cand --insecure-http 'Allow http:// to another host. Anybody on the network path can read the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object per line'
            cand -v 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand --verbose 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;sandbox'= {
            cand --port 'Port on 127.0.0.1; 0 is any free port [default: 8787; any free port with --check]'
            cand --key 'A client API key that is accepted; may be repeated'
            cand --slug 'The public slug of the bot'
            cand --token-delay 'Pause before each token of a reply, in milliseconds'
            cand --ping-interval 'Send a ping after this many milliseconds without other data in a stream; 0: never'
            cand --rate-limit 'Messages per minute for each key or slug; 0: no limit'
            cand --poll-interval 'The shortest time that --check expects from the end of a poll to the start of the next; an eighth less is accepted [default: 4]'
            cand --time-scale 'Run the sandbox''s time this many times as fast as the clock. Its pauses, pings, person and rate limit are that much faster, and the default of --poll-interval is that much shorter'
            cand --person 'Who answers after a handoff'
            cand --script 'JSON file with the bot''s replies, the faults, and what a person does; its format is in the README of highchat-sandbox'
            cand --fault 'Faults of every reply or poll, as NAME or NAME:AMOUNT, separated by commas; --list-faults prints the names. The message /fault NAME asks for one too'
            cand --reading 'Choose how the sandbox behaves if the API''s text leaves it open; may be repeated; --list-readings prints the names'
            cand --check 'Run COMMAND against the sandbox and report whether it behaves as a client should'
            cand --list-faults 'Print the name of each fault and its effect'
            cand --list-readings 'Print the name of each reading and its meaning'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;proxy'= {
            cand --listen 'Address to listen on; port 0 is any free port'
            cand --key-file 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --base-url 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]'
            cand --prefix 'Serve PATH/v1/… as well as /v1/…'
            cand --allow-origin 'Allow pages of this origin to use the proxy; may be repeated'
            cand --metrics 'Serve counters at http://ADDR/metrics, in the text format of Prometheus'
            cand --trust 'Trust what peers in this network say about the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated'
            cand --visitor-header 'Header in which a trusted peer names the visitor; it is sent to the service as visitor_ref'
            cand --secret-file 'File with a secret of at least 16 bytes that signs conversation ids, so that nobody can read or rate another visitor''s conversation by guessing its id'
            cand --redis 'Share limits with other proxies through Redis or Valkey: redis://:PASSWORD@HOST:6379/0, or rediss:// with TLS [env: HIGHCHAT_REDIS]'
            cand --redis-file 'File that contains the URL for --redis and nothing else [env: HIGHCHAT_REDIS_FILE]'
            cand --messages 'Messages per minute of all visitors together; 0: no limit'
            cand --visitor-messages 'Messages per minute of one visitor; 0: no limit'
            cand --visitor-polls 'Polls and ratings per minute of one visitor; 0: no limit'
            cand --streams 'Replies that stream at the same time'
            cand --visitor-streams 'Replies that stream to one visitor at the same time'
            cand --connections 'Connections of all visitors at the same time'
            cand --visitor-connections 'Connections of one visitor at the same time; peers in a --trust network are not counted'
            cand --held-mib 'MiB of incomplete request bodies and of unread answers in memory, of all visitors'
            cand --log-format 'Form of the log on standard error: text, or one JSON object per line'
            cand --insecure-http 'Allow http:// to another host. Anybody on the network path can read the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --no-heal 'Do not search for the rest of a reply that the service cut; end it with an error'
            cand --check-config 'Read and check the options, the key, the secret and the URL of Redis, and end: with status 0 if the proxy would start, and 2 if not. Listens on no address, and asks neither the service nor Redis'
            cand -v 'Log more to standard error [env: HIGHCHAT_LOG]'
            cand --verbose 'Log more to standard error [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;completions'= {
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'highchat;help'= {
            cand ask 'Send one message and stream the reply to standard output'
            cand chat 'Talk with the bot, and with the person it hands over to'
            cand watch 'Print what a person writes in a conversation, until the bot is back or the conversation is closed'
            cand rate 'Rate a conversation'
            cand sandbox 'Run a local /v1 service for development, demonstrations and tests'
            cand proxy 'Put a backend between browsers and the service, so that the key never leaves your server'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'highchat;help;ask'= {
        }
        &'highchat;help;chat'= {
        }
        &'highchat;help;watch'= {
        }
        &'highchat;help;rate'= {
        }
        &'highchat;help;sandbox'= {
        }
        &'highchat;help;proxy'= {
        }
        &'highchat;help;completions'= {
        }
        &'highchat;help;help'= {
        }
    ]
    $completions[$command]
}
