
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
            cand watch 'Print what a person writes in a conversation, until the bot is back or it is closed'
            cand rate 'Rate a conversation'
            cand sandbox 'Run a local /v1 service for development, demonstrations and tests'
            cand proxy 'Put a backend between browsers and the service, so that the key never leaves it'
            cand completions 'Print a completion script for a shell'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'highchat;ask'= {
            cand --wait 'Where a person takes over, stay and print what they write, until the bot is back or the conversation is closed; with SECONDS for at most that long'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]'
            cand --base-url 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up without a head of the response after that long [default: 60]'
            cand --idle-timeout 'Give up a reply on which nothing came for that long [default: 60]'
            cand --progress-timeout 'Give up a reply on which nothing but pings came for that long [default: 300]'
            cand --poll-interval 'Ask for a person''s messages so often [default: 4]'
            cand --attempts 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]'
            cand --conversation 'Continue that conversation [env: HIGHCHAT_CONVERSATION]'
            cand --visitor 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]'
            cand --color 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither: --base-url is a proxy that adds a key of its own'
            cand --sandbox 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside'
            cand --insecure-http 'Take http:// to a host other than this machine: whoever listens reads the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object a line'
            cand -v 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand --verbose 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;chat'= {
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]'
            cand --base-url 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up without a head of the response after that long [default: 60]'
            cand --idle-timeout 'Give up a reply on which nothing came for that long [default: 60]'
            cand --progress-timeout 'Give up a reply on which nothing but pings came for that long [default: 300]'
            cand --poll-interval 'Ask for a person''s messages so often [default: 4]'
            cand --attempts 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]'
            cand --conversation 'Continue that conversation [env: HIGHCHAT_CONVERSATION]'
            cand --visitor 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]'
            cand --color 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither: --base-url is a proxy that adds a key of its own'
            cand --sandbox 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside'
            cand --insecure-http 'Take http:// to a host other than this machine: whoever listens reads the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object a line'
            cand -v 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand --verbose 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;watch'= {
            cand --after 'Begin after that time, as the service writes it; without it, with what the service gives'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]'
            cand --base-url 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up without a head of the response after that long [default: 60]'
            cand --idle-timeout 'Give up a reply on which nothing came for that long [default: 60]'
            cand --progress-timeout 'Give up a reply on which nothing but pings came for that long [default: 300]'
            cand --poll-interval 'Ask for a person''s messages so often [default: 4]'
            cand --attempts 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]'
            cand --color 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither: --base-url is a proxy that adds a key of its own'
            cand --sandbox 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside'
            cand --insecure-http 'Take http:// to a host other than this machine: whoever listens reads the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object a line'
            cand -v 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand --verbose 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;rate'= {
            cand --comment 'What there is to add'
            cand --key 'Client API key [env: HIGHCHAT_KEY]'
            cand --key-file 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --slug 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]'
            cand --base-url 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]'
            cand --response-timeout 'Give up without a head of the response after that long [default: 60]'
            cand --idle-timeout 'Give up a reply on which nothing came for that long [default: 60]'
            cand --progress-timeout 'Give up a reply on which nothing but pings came for that long [default: 300]'
            cand --poll-interval 'Ask for a person''s messages so often [default: 4]'
            cand --attempts 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]'
            cand --color 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set'
            cand --no-key 'Send neither: --base-url is a proxy that adds a key of its own'
            cand --sandbox 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside'
            cand --insecure-http 'Take http:// to a host other than this machine: whoever listens reads the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand --json 'Print one JSON object a line'
            cand -v 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand --verbose 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;sandbox'= {
            cand --port 'Port on 127.0.0.1; 0: any free one [default: 8787; any free one with --check]'
            cand --key 'A client API key that is accepted; may be repeated'
            cand --slug 'The public slug'
            cand --token-delay 'Pause before each token of a reply'
            cand --ping-interval 'Silence after which a stream gets a ping; 0: never'
            cand --rate-limit 'Messages a minute for a key or slug; 0: no limit'
            cand --poll-interval 'How far apart --check wants polls to be, counted from the end of one to the start of the next; an eighth less is accepted [default: 4]'
            cand --time-scale 'How many times as fast as the clock the sandbox''s time runs: its pauses, its pings, its person, its rate limit, and the default of --poll-interval are as much shorter'
            cand --person 'Who answers a conversation that is handed over'
            cand --script 'What the bot says to which message, what goes wrong then, and what a person does, as JSON: see the README of highchat-sandbox'
            cand --fault 'Faults for every reply or poll, as NAME or NAME:AMOUNT, with commas between them; --list-faults tells their names. A message asks for them as well: /fault NAME'
            cand --reading 'Read the API''s text in another way where it is silent; may be repeated; --list-readings tells the names'
            cand --check 'Run COMMAND against the sandbox, and say whether it behaved as a client should'
            cand --list-faults 'Print the name of each fault and what it does'
            cand --list-readings 'Print the name of each reading and what it says'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'highchat;proxy'= {
            cand --listen 'Where to listen; port 0: any free one'
            cand --key-file 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]'
            cand --base-url 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]'
            cand --ca-file 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]'
            cand --prefix 'Serve PATH/v1/… as well as /v1/…'
            cand --allow-origin 'Let pages of that origin use the proxy; may be repeated'
            cand --metrics 'Tell what was counted at http://ADDR/metrics, in Prometheus'' text form'
            cand --trust 'Believe what peers in that network say of the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated'
            cand --visitor-header 'The header in which a trusted peer says who the visitor is; sent as visitor_ref'
            cand --secret-file 'File with a secret of at least 16 bytes, to sign conversation ids with: nobody can read or rate another''s conversation by guessing its id'
            cand --messages 'Messages a minute for all visitors; 0: no limit'
            cand --visitor-messages 'Messages a minute for one visitor; 0: no limit'
            cand --visitor-polls 'Polls and ratings a minute for one visitor; 0: no limit'
            cand --streams 'Replies that stream at once'
            cand --visitor-streams 'Replies that stream at once to one visitor'
            cand --connections 'Connections of visitors at once'
            cand --visitor-connections 'Connections of one visitor at once; peers in a --trust network are not counted'
            cand --insecure-http 'Take http:// to a host other than this machine: whoever listens reads the key'
            cand --system-roots 'Trust the certificate authorities of the operating system instead of Mozilla''s'
            cand -v 'Tell more on standard error [env: HIGHCHAT_LOG]'
            cand --verbose 'Tell more on standard error [env: HIGHCHAT_LOG]'
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
            cand watch 'Print what a person writes in a conversation, until the bot is back or it is closed'
            cand rate 'Rate a conversation'
            cand sandbox 'Run a local /v1 service for development, demonstrations and tests'
            cand proxy 'Put a backend between browsers and the service, so that the key never leaves it'
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
