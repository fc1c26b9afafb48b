# For other scripts: awk -f tests/code.awk -f OTHER. C without its comments and strings.

FNR == 1 { commented = 0 }

# The line without comments; a comment may go on in the next.
function code(line, at, rest, end) {
    if (commented) {
        if (!(at = index(line, "*/"))) return ""
        line = substr(line, at + 2)
        commented = 0
    }
    while ((at = index(line, "/*"))) {
        rest = substr(line, at + 2)
        end = index(rest, "*/")
        commented = !end
        line = substr(line, 1, at - 1) (end ? " " substr(rest, end + 2) : "")
    }
    return line
}

function without_strings(line) {
    gsub(/"([^"\\]|\\.)*"/, "", line)
    return line
}
