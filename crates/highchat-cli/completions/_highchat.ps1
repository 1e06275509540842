
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
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Print what a person writes in a conversation, until the bot is back or it is closed')
            [CompletionResult]::new('rate', 'rate', [CompletionResultType]::ParameterValue, 'Rate a conversation')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local /v1 service for development, demonstrations and tests')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Put a backend between browsers and the service, so that the key never leaves it')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'highchat;ask' {
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Where a person takes over, stay and print what they write, until the bot is back or the conversation is closed; with SECONDS for at most that long')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up without a head of the response after that long [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing came for that long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing but pings came for that long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Ask for a person''s messages so often [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]')
            [CompletionResult]::new('--conversation', '--conversation', [CompletionResultType]::ParameterName, 'Continue that conversation [env: HIGHCHAT_CONVERSATION]')
            [CompletionResult]::new('--visitor', '--visitor', [CompletionResultType]::ParameterName, 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither: --base-url is a proxy that adds a key of its own')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Take http:// to a host other than this machine: whoever listens reads the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;chat' {
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up without a head of the response after that long [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing came for that long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing but pings came for that long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Ask for a person''s messages so often [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]')
            [CompletionResult]::new('--conversation', '--conversation', [CompletionResultType]::ParameterName, 'Continue that conversation [env: HIGHCHAT_CONVERSATION]')
            [CompletionResult]::new('--visitor', '--visitor', [CompletionResultType]::ParameterName, 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither: --base-url is a proxy that adds a key of its own')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Take http:// to a host other than this machine: whoever listens reads the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;watch' {
            [CompletionResult]::new('--after', '--after', [CompletionResultType]::ParameterName, 'Begin after that time, as the service writes it; without it, with what the service gives')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up without a head of the response after that long [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing came for that long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing but pings came for that long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Ask for a person''s messages so often [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither: --base-url is a proxy that adds a key of its own')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Take http:// to a host other than this machine: whoever listens reads the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;rate' {
            [CompletionResult]::new('--comment', '--comment', [CompletionResultType]::ParameterName, 'What there is to add')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'Client API key [env: HIGHCHAT_KEY]')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--response-timeout', '--response-timeout', [CompletionResultType]::ParameterName, 'Give up without a head of the response after that long [default: 60]')
            [CompletionResult]::new('--idle-timeout', '--idle-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing came for that long [default: 60]')
            [CompletionResult]::new('--progress-timeout', '--progress-timeout', [CompletionResultType]::ParameterName, 'Give up a reply on which nothing but pings came for that long [default: 300]')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'Ask for a person''s messages so often [default: 4]')
            [CompletionResult]::new('--attempts', '--attempts', [CompletionResultType]::ParameterName, 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set')
            [CompletionResult]::new('--no-key', '--no-key', [CompletionResultType]::ParameterName, 'Send neither: --base-url is a proxy that adds a key of its own')
            [CompletionResult]::new('--sandbox', '--sandbox', [CompletionResultType]::ParameterName, 'Start a private sandbox for this run and talk to it: no key, no network; the environment''s key, slug, URL and conversation are left aside')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Take http:// to a host other than this machine: whoever listens reads the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;sandbox' {
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'Port on 127.0.0.1; 0: any free one [default: 8787; any free one with --check]')
            [CompletionResult]::new('--key', '--key', [CompletionResultType]::ParameterName, 'A client API key that is accepted; may be repeated')
            [CompletionResult]::new('--slug', '--slug', [CompletionResultType]::ParameterName, 'The public slug')
            [CompletionResult]::new('--token-delay', '--token-delay', [CompletionResultType]::ParameterName, 'Pause before each token of a reply')
            [CompletionResult]::new('--ping-interval', '--ping-interval', [CompletionResultType]::ParameterName, 'Silence after which a stream gets a ping; 0: never')
            [CompletionResult]::new('--rate-limit', '--rate-limit', [CompletionResultType]::ParameterName, 'Messages a minute for a key or slug; 0: no limit')
            [CompletionResult]::new('--poll-interval', '--poll-interval', [CompletionResultType]::ParameterName, 'How far apart --check wants polls to be, counted from the end of one to the start of the next; an eighth less is accepted [default: 4]')
            [CompletionResult]::new('--time-scale', '--time-scale', [CompletionResultType]::ParameterName, 'How many times as fast as the clock the sandbox''s time runs: its pauses, its pings, its person, its rate limit, and the default of --poll-interval are as much shorter')
            [CompletionResult]::new('--person', '--person', [CompletionResultType]::ParameterName, 'Who answers a conversation that is handed over')
            [CompletionResult]::new('--script', '--script', [CompletionResultType]::ParameterName, 'What the bot says to which message, what goes wrong then, and what a person does, as JSON: see the README of highchat-sandbox')
            [CompletionResult]::new('--fault', '--fault', [CompletionResultType]::ParameterName, 'Faults for every reply or poll, as NAME or NAME:AMOUNT, with commas between them; --list-faults tells their names. A message asks for them as well: /fault NAME')
            [CompletionResult]::new('--reading', '--reading', [CompletionResultType]::ParameterName, 'Read the API''s text in another way where it is silent; may be repeated; --list-readings tells the names')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Run COMMAND against the sandbox, and say whether it behaved as a client should')
            [CompletionResult]::new('--list-faults', '--list-faults', [CompletionResultType]::ParameterName, 'Print the name of each fault and what it does')
            [CompletionResult]::new('--list-readings', '--list-readings', [CompletionResultType]::ParameterName, 'Print the name of each reading and what it says')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'highchat;proxy' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Where to listen; port 0: any free one')
            [CompletionResult]::new('--key-file', '--key-file', [CompletionResultType]::ParameterName, 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]')
            [CompletionResult]::new('--base-url', '--base-url', [CompletionResultType]::ParameterName, 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]')
            [CompletionResult]::new('--prefix', '--prefix', [CompletionResultType]::ParameterName, 'Serve PATH/v1/… as well as /v1/…')
            [CompletionResult]::new('--allow-origin', '--allow-origin', [CompletionResultType]::ParameterName, 'Let pages of that origin use the proxy; may be repeated')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Tell what was counted at http://ADDR/metrics, in Prometheus'' text form')
            [CompletionResult]::new('--trust', '--trust', [CompletionResultType]::ParameterName, 'Believe what peers in that network say of the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated')
            [CompletionResult]::new('--visitor-header', '--visitor-header', [CompletionResultType]::ParameterName, 'The header in which a trusted peer says who the visitor is; sent as visitor_ref')
            [CompletionResult]::new('--secret-file', '--secret-file', [CompletionResultType]::ParameterName, 'File with a secret of at least 16 bytes, to sign conversation ids with: nobody can read or rate another''s conversation by guessing its id')
            [CompletionResult]::new('--messages', '--messages', [CompletionResultType]::ParameterName, 'Messages a minute for all visitors; 0: no limit')
            [CompletionResult]::new('--visitor-messages', '--visitor-messages', [CompletionResultType]::ParameterName, 'Messages a minute for one visitor; 0: no limit')
            [CompletionResult]::new('--visitor-polls', '--visitor-polls', [CompletionResultType]::ParameterName, 'Polls and ratings a minute for one visitor; 0: no limit')
            [CompletionResult]::new('--streams', '--streams', [CompletionResultType]::ParameterName, 'Replies that stream at once')
            [CompletionResult]::new('--visitor-streams', '--visitor-streams', [CompletionResultType]::ParameterName, 'Replies that stream at once to one visitor')
            [CompletionResult]::new('--connections', '--connections', [CompletionResultType]::ParameterName, 'Connections of visitors at once')
            [CompletionResult]::new('--visitor-connections', '--visitor-connections', [CompletionResultType]::ParameterName, 'Connections of one visitor at once; peers in a --trust network are not counted')
            [CompletionResult]::new('--insecure-http', '--insecure-http', [CompletionResultType]::ParameterName, 'Take http:// to a host other than this machine: whoever listens reads the key')
            [CompletionResult]::new('--system-roots', '--system-roots', [CompletionResultType]::ParameterName, 'Trust the certificate authorities of the operating system instead of Mozilla''s')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Tell more on standard error [env: HIGHCHAT_LOG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Tell more on standard error [env: HIGHCHAT_LOG]')
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
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Print what a person writes in a conversation, until the bot is back or it is closed')
            [CompletionResult]::new('rate', 'rate', [CompletionResultType]::ParameterValue, 'Rate a conversation')
            [CompletionResult]::new('sandbox', 'sandbox', [CompletionResultType]::ParameterValue, 'Run a local /v1 service for development, demonstrations and tests')
            [CompletionResult]::new('proxy', 'proxy', [CompletionResultType]::ParameterValue, 'Put a backend between browsers and the service, so that the key never leaves it')
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
