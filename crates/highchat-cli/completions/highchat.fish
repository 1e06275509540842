# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_highchat_global_optspecs
    string join \n h/help V/version
end

function __fish_highchat_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_highchat_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_highchat_using_subcommand
    set -l cmd (__fish_highchat_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c highchat -n "__fish_highchat_needs_command" -s h -l help -d 'Print help'
complete -c highchat -n "__fish_highchat_needs_command" -s V -l version -d 'Print version'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "ask" -d 'Send one message and stream the reply to standard output'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "chat" -d 'Talk with the bot, and with the person it hands over to'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "watch" -d 'Print what a person writes in a conversation, until the bot is back or it is closed'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "rate" -d 'Rate a conversation'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "sandbox" -d 'Run a local /v1 service for development, demonstrations and tests'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "proxy" -d 'Put a backend between browsers and the service, so that the key never leaves it'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l wait -d 'Where a person takes over, stay and print what they write, until the bot is back or the conversation is closed; with SECONDS for at most that long' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l key-file -d 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l slug -d 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l base-url -d 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l ca-file -d 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l response-timeout -d 'Give up without a head of the response after that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l idle-timeout -d 'Give up a reply on which nothing came for that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l progress-timeout -d 'Give up a reply on which nothing but pings came for that long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l poll-interval -d 'Ask for a person\'s messages so often [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l attempts -d 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l conversation -d 'Continue that conversation [env: HIGHCHAT_CONVERSATION]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l visitor -d 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l color -d 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l no-key -d 'Send neither: --base-url is a proxy that adds a key of its own'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l sandbox -d 'Start a private sandbox for this run and talk to it: no key, no network; the environment\'s key, slug, URL and conversation are left aside'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l insecure-http -d 'Take http:// to a host other than this machine: whoever listens reads the key'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l json -d 'Print one JSON object a line'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -s v -l verbose -d 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l key-file -d 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l slug -d 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l base-url -d 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l ca-file -d 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l response-timeout -d 'Give up without a head of the response after that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l idle-timeout -d 'Give up a reply on which nothing came for that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l progress-timeout -d 'Give up a reply on which nothing but pings came for that long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l poll-interval -d 'Ask for a person\'s messages so often [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l attempts -d 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l conversation -d 'Continue that conversation [env: HIGHCHAT_CONVERSATION]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l visitor -d 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l color -d 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l no-key -d 'Send neither: --base-url is a proxy that adds a key of its own'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l sandbox -d 'Start a private sandbox for this run and talk to it: no key, no network; the environment\'s key, slug, URL and conversation are left aside'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l insecure-http -d 'Take http:// to a host other than this machine: whoever listens reads the key'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l json -d 'Print one JSON object a line'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -s v -l verbose -d 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l after -d 'Begin after that time, as the service writes it; without it, with what the service gives' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l key-file -d 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l slug -d 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l base-url -d 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l ca-file -d 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l response-timeout -d 'Give up without a head of the response after that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l idle-timeout -d 'Give up a reply on which nothing came for that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l progress-timeout -d 'Give up a reply on which nothing but pings came for that long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l poll-interval -d 'Ask for a person\'s messages so often [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l attempts -d 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l color -d 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l no-key -d 'Send neither: --base-url is a proxy that adds a key of its own'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l sandbox -d 'Start a private sandbox for this run and talk to it: no key, no network; the environment\'s key, slug, URL and conversation are left aside'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l insecure-http -d 'Take http:// to a host other than this machine: whoever listens reads the key'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l json -d 'Print one JSON object a line'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -s v -l verbose -d 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l comment -d 'What there is to add' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l key-file -d 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l slug -d 'Public slug of the bot; no key is sent then [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l base-url -d 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l ca-file -d 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l response-timeout -d 'Give up without a head of the response after that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l idle-timeout -d 'Give up a reply on which nothing came for that long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l progress-timeout -d 'Give up a reply on which nothing but pings came for that long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l poll-interval -d 'Ask for a person\'s messages so often [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l attempts -d 'Send a message (or a rating) at most so often; more than once only where it was surely not taken [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l color -d 'Colour on standard error; `auto`: on a terminal unless NO_COLOR is set, elsewhere if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l no-key -d 'Send neither: --base-url is a proxy that adds a key of its own'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l sandbox -d 'Start a private sandbox for this run and talk to it: no key, no network; the environment\'s key, slug, URL and conversation are left aside'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l insecure-http -d 'Take http:// to a host other than this machine: whoever listens reads the key'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l json -d 'Print one JSON object a line'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -s v -l verbose -d 'Tell on standard error what happens; -vv tells more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l port -d 'Port on 127.0.0.1; 0: any free one [default: 8787; any free one with --check]' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l key -d 'A client API key that is accepted; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l slug -d 'The public slug' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l token-delay -d 'Pause before each token of a reply' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l ping-interval -d 'Silence after which a stream gets a ping; 0: never' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l rate-limit -d 'Messages a minute for a key or slug; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l poll-interval -d 'How far apart --check wants polls to be, counted from the end of one to the start of the next; an eighth less is accepted [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l time-scale -d 'How many times as fast as the clock the sandbox\'s time runs: its pauses, its pings, its person, its rate limit, and the default of --poll-interval are as much shorter' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l person -d 'Who answers a conversation that is handed over' -r -f -a "built-in\t'A person who writes twice and hands back, unless the inbox is open in a browser'
inbox\t'Whoever answers in the inbox, and nobody else'"
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l script -d 'What the bot says to which message, what goes wrong then, and what a person does, as JSON: see the README of highchat-sandbox' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l fault -d 'Faults for every reply or poll, as NAME or NAME:AMOUNT, with commas between them; --list-faults tells their names. A message asks for them as well: /fault NAME' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l reading -d 'Read the API\'s text in another way where it is silent; may be repeated; --list-readings tells the names' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l check -d 'Run COMMAND against the sandbox, and say whether it behaved as a client should'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l list-faults -d 'Print the name of each fault and what it does'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l list-readings -d 'Print the name of each reading and what it says'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l listen -d 'Where to listen; port 0: any free one' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l key-file -d 'File that holds the client API key, and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l base-url -d 'Where the service is; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l ca-file -d 'Trust the certificate authorities in that file of PEM, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l prefix -d 'Serve PATH/v1/… as well as /v1/…' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l allow-origin -d 'Let pages of that origin use the proxy; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l metrics -d 'Tell what was counted at http://ADDR/metrics, in Prometheus\' text form' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l trust -d 'Believe what peers in that network say of the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-header -d 'The header in which a trusted peer says who the visitor is; sent as visitor_ref' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l secret-file -d 'File with a secret of at least 16 bytes, to sign conversation ids with: nobody can read or rate another\'s conversation by guessing its id' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l messages -d 'Messages a minute for all visitors; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-messages -d 'Messages a minute for one visitor; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-polls -d 'Polls and ratings a minute for one visitor; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l streams -d 'Replies that stream at once' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-streams -d 'Replies that stream at once to one visitor' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l connections -d 'Connections of visitors at once' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-connections -d 'Connections of one visitor at once; peers in a --trust network are not counted' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l insecure-http -d 'Take http:// to a host other than this machine: whoever listens reads the key'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -s v -l verbose -d 'Tell more on standard error [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand completions" -s h -l help -d 'Print help'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "ask" -d 'Send one message and stream the reply to standard output'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "chat" -d 'Talk with the bot, and with the person it hands over to'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "watch" -d 'Print what a person writes in a conversation, until the bot is back or it is closed'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "rate" -d 'Rate a conversation'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "sandbox" -d 'Run a local /v1 service for development, demonstrations and tests'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "proxy" -d 'Put a backend between browsers and the service, so that the key never leaves it'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
