
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'highchat' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'highchat'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'highchat' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('ask', 'ask', [CompletionResultType]::ParameterValue, 'Send one message and stream the reply to standard output')
            [CompletionResult]::new('chat', 'chat', [CompletionResultType]::ParameterValue, 'Talk with the bot, and with the person it hands over to')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Print what a person writes in a conversation, until the bot is back or the conversation is closed')
            [CompletionResult]::new('rate', 'rate', [CompletionResultType]::ParameterValue, 'Rate a conversation')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local /v1 service for development, demonstrations and tests')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Put a backend between browsers and the service, so that the key never leaves your server')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'highchat;ask' {
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'After a handoff, stay and print what the person writes, until the bot is back or the conversation is closed. With SECONDS, stay at most that long')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up if the head of the response does not arrive in this time [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing arrives for this long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing but pings arrives for this long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Time between two polls for a person''s messages [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]')
            [CompletionResult]::new('--conversation', '--conversation', [CompletionResultType]::ParameterName, 'Continue this conversation [env: HIGHCHAT_CONVERSATION]')
            [CompletionResult]::new('--visitor', '--visitor', [CompletionResultType]::ParameterName, 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Allow http:// to another host. Anybody on the network path can read the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;chat' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up if the head of the response does not arrive in this time [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing arrives for this long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing but pings arrives for this long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Time between two polls for a person''s messages [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]')
            [CompletionResult]::new('--conversation', '--conversation', [CompletionResultType]::ParameterName, 'Continue this conversation [env: HIGHCHAT_CONVERSATION]')
            [CompletionResult]::new('--visitor', '--visitor', [CompletionResultType]::ParameterName, 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Allow http:// to another host. Anybody on the network path can read the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;watch' {
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Start after this time, in the format of the service. Without it, start with what the service returns')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up if the head of the response does not arrive in this time [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing arrives for this long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing but pings arrives for this long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Time between two polls for a person''s messages [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Allow http:// to another host. Anybody on the network path can read the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;rate' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'A comment on the rating')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up if the head of the response does not arrive in this time [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing arrives for this long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply if nothing but pings arrives for this long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Time between two polls for a person''s messages [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Allow http:// to another host. Anybody on the network path can read the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object per line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;sandbox' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port on 127.0.0.1; 0 is any free port [default: 8787; any free port with --check]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'A client API key that is accepted; may be repeated')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'The public slug of the bot')
            [CompletionResult]::new('--token-delay', '--token-delay', [CompletionResultType]::ParameterName, 'Pause before each token of a reply, in milliseconds')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Send a ping after this many milliseconds without other data in a stream; 0: never')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Messages per minute for each key or slug; 0: no limit')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'The shortest time that --check expects from the end of a poll to the start of the next; an eighth less is accepted [default: 4]')
            [CompletionResult]::new('--time-scale', '--time-scale', [CompletionResultType]::ParameterName, 'Run the sandbox''s time this many times as fast as the clock. Its pauses, pings, person and rate limit are that much faster, and the default of --poll-interval is that much shorter')
            [CompletionResult]::new('--person', '--person', [CompletionResultType]::ParameterName, 'Who answers after a handoff')
            [CompletionResult]::new('--script', '--script', [CompletionResultType]::ParameterName, 'JSON file with the bot''s replies, the faults, and what a person does; its format is in the README of highchat-sandbox')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Faults of every reply or poll, as NAME or NAME:AMOUNT, separated by commas; --list-faults prints the names. The message /fault NAME asks for one too')
            [CompletionResult]::new('--reading', '--reading', [CompletionResultType]::ParameterName, 'Choose how the sandbox behaves if the API''s text leaves it open; may be repeated; --list-readings prints the names')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Run COMMAND against the sandbox and report whether it behaves as a client should')
            [CompletionResult]::new('--list-faults', '--list-faults', [CompletionResultType]::ParameterName, 'Print the name of each fault and its effect')
            [CompletionResult]::new('--list-readings', '--list-readings', [CompletionResultType]::ParameterName, 'Print the name of each reading and its meaning')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;proxy' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Address to listen on; port 0 is any free port')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Serve PATH/v1/… as well as /v1/…')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Allow pages of this origin to use the proxy; may be repeated')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve counters at http://ADDR/metrics, in the text format of Prometheus')
            [CompletionResult]::new('--trust', '--trust', [CompletionResultType]::ParameterName, 'Trust what peers in this network say about the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated')
            [CompletionResult]::new('--visitor-header', '--visitor-header', [CompletionResultType]::ParameterName, 'Header in which a trusted peer names the visitor; it is sent to the service as visitor_ref')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with a secret of at least 16 bytes that signs conversation ids, so that nobody can read or rate another visitor''s conversation by guessing its id')
            [CompletionResult]::new('--redis', '--redis', [CompletionResultType]::ParameterName, 'Share limits with other proxies through Redis or Valkey: redis://:PASSWORD@HOST:6379/0, or rediss:// with TLS [env: HIGHCHAT_REDIS]')
            [CompletionResult]::new('--redis-file', '--redis-file', [CompletionResultType]::ParameterName, 'File that contains the URL for --redis and nothing else [env: HIGHCHAT_REDIS_FILE]')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'Messages per minute of all visitors together; 0: no limit')
            [CompletionResult]::new('--visitor-messages', '--visitor-messages', [CompletionResultType]::ParameterName, 'Messages per minute of one visitor; 0: no limit')
            [CompletionResult]::new('--visitor-polls', '--visitor-polls', [CompletionResultType]::ParameterName, 'Polls and ratings per minute of one visitor; 0: no limit')
            [CompletionResult]::new('--streams', '--streams', [CompletionResultType]::ParameterName, 'Replies that stream at the same time')
            [CompletionResult]::new('--visitor-streams', '--visitor-streams', [CompletionResultType]::ParameterName, 'Replies that stream to one visitor at the same time')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Connections of all visitors at the same time')
            [CompletionResult]::new('--visitor-connections', '--visitor-connections', [CompletionResultType]::ParameterName, 'Connections of one visitor at the same time; peers in a --trust network are not counted')
            [CompletionResult]::new('--held-mib', '--held-mib', [CompletionResultType]::ParameterName, 'MiB of incomplete request bodies and of unread answers in memory, of all visitors')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'Form of the log on standard error: text, or one JSON object per line')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Allow http:// to another host. Anybody on the network path can read the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--no-heal', '--no-heal', [CompletionResultType]::ParameterName, 'Do not search for the rest of a reply that the service cut; end it with an error')
            [CompletionResult]::new('--check-config', '--check-config', [CompletionResultType]::ParameterName, 'Read and check the options, the key, the secret and the URL of Redis, and end: with status 0 if the proxy would start, and 2 if not. Listens on no address, and asks neither the service nor Redis')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log more to standard error [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log more to standard error [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;completions' {
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'highchat;help' {
            [CompletionResult]::new('ask', 'ask', [CompletionResultType]::ParameterValue, 'Send one message and stream the reply to standard output')
            [CompletionResult]::new('chat', 'chat', [CompletionResultType]::ParameterValue, 'Talk with the bot, and with the person it hands over to')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Print what a person writes in a conversation, until the bot is back or the conversation is closed')
            [CompletionResult]::new('rate', 'rate', [CompletionResultType]::ParameterValue, 'Rate a conversation')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local /v1 service for development, demonstrations and tests')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Put a backend between browsers and the service, so that the key never leaves your server')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'highchat;help;ask' {
            break
        }
        'highchat;help;chat' {
            break
        }
        'highchat;help;watch' {
            break
        }
        'highchat;help;rate' {
            break
        }
        'highchat;help;sandbox' {
            break
        }
        'highchat;help;proxy' {
            break
        }
        'highchat;help;completions' {
            break
        }
        'highchat;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
