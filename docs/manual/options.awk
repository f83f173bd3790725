# Puts the program's own table of options, as `snowglobe -help` prints it, into a template:
#
#   awk -v as=man|bash|zsh|fish -v version=V -f options.awk HELP TEMPLATE
#
# A line @OPTIONS@ of the template becomes the list of options: of the manual (mdoc), or of that shell's completions;
# @ALL@ becomes all their names and @VERSION@ the version. An option is a line at column 0, `-name[value]`, then two or
# more spaces and its help, which goes on in lines that begin with spaces. What can be completed is read from the value:
# FILE is a file, DEV a character device, words in small letters are themselves, and of `name=VALUE` only `name=` is.

BEGIN { devices = "stdio mon:stdio null none file: pty unix: tcp: chardev:" }

FILENAME != first {
    if (first == "")
        first = FILENAME
    else {
        flush()
        if (!count) {
            print "options.awk: there are no options in " first >"/dev/stderr"
            exit 1
        }
        template = 1
        first = FILENAME
    }
}

template && $0 == "@OPTIONS@" {
    printf "%s", list
    next
}

template {
    sub(/@ALL@/, all)
    sub(/@VERSION@/, version)
    print
    next
}

# The list ends at the first empty line behind it.
ended { next }

/^-/ {
    flush()
    end = index($0, "  ")
    synopsis = end ? substr($0, 1, end - 1) : $0
    help = substr($0, length(synopsis) + 1)
    sub(/^ */, "", help)
    match(synopsis, /^--?[A-Za-z0-9_-]+/)
    dashes = substr(synopsis, 2, 1) == "-" ? "--" : "-"
    name = substr(synopsis, length(dashes) + 1, RLENGTH - length(dashes))
    value = substr(synopsis, RLENGTH + 1)
    optional = value ~ /^\[=/
    sub(/^ /, "", value)
    if (optional)
        value = substr(value, 3, length(value) - 3)
    next
}

/^ / && name != "" {
    line = $0
    sub(/^ */, "", line)
    help = help " " line
    next
}

{
    flush()
    ended = count > 0
}

function flush()
{
    if (name == "")
        return
    all = all (count ? " " : "") dashes name
    words = words_of(value)
    if (as == "man")
        man()
    else if (as == "bash")
        bash()
    else if (as == "zsh")
        zsh()
    else
        fish()
    count++
    name = ""
}

function put(text)
{
    list = list text
}

# The words that `value` can begin with, with spaces between them; "" when it cannot be told.
function words_of(value,    parts, n, i, word, found)
{
    if (value == "DEV")
        return devices
    n = split(value, parts, "|")
    for (i = 1; i <= n; i++) {
        word = parts[i]
        if (match(word, /[^a-z0-9_=:-]/))
            word = substr(word, 1, RSTART - 1)
        if (RSTART && word !~ /[=:]$/)
            return ""
        found = found (i > 1 ? " " : "") word
    }
    return found
}

function roff(text)
{
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    return text
}

function man(    text)
{
    put(".It Fl " (dashes == "--" ? "Fl " : "") "\\&" roff(name))
    if (optional)
        put(" Ns Op Ns = Ns Ar " roff(value))
    else if (value != "")
        put(" Ar \\&" roff(value) "\\&")
    text = roff(help)
    gsub(/\. /, ".\n\\\\\\&", text)
    put("\n\\&" text "\n")
}

# Arms of `case $prev`, where an option with a value behind it is `-name=`.
function bash()
{
    if (value == "")
        return
    put("    " (optional ? "" : "-" name " | ") "-" name "=)")
    if (value == "FILE")
        put(" files=1 ;;\n")
    else
        put(" words='" words "' ;;\n")
}

function zsh(    text, action)
{
    text = help
    gsub(/\\/, "\\\\", text)
    gsub(/\[|\]|:/, "\\\\&", text)
    gsub(/'/, "'\\''", text)
    put((count ? "" : "_arguments") " \\\n  '*" dashes name (optional ? "=-" : "") "[" text "]")
    if (value != "") {
        action = " "
        if (value == "FILE")
            action = "_files"
        else if (words != "") {
            action = "(" words ")"
            gsub(/:/, "\\:", action)
        }
        text = value
        gsub(/\[|\]|:/, "\\\\&", text)
        put((optional ? "::" : ":") text ":" action)
    }
    put("'")
}

# A single letter is -s, a long name behind one dash -o, behind two -l.
function fish(    text)
{
    text = help
    gsub(/\\/, "\\\\", text)
    gsub(/'/, "\\'", text)
    put("complete -c snowglobe -" (dashes == "--" ? "l" : length(name) == 1 ? "s" : "o") " " name)
    if (value == "FILE")
        put(optional ? " -F" : " -r -F")
    else if (value != "")
        put(" -x" (words != "" ? " -a '" words "'" : ""))
    put(" -d '" text "'\n")
}
