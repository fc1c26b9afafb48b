# usage: awk -f tests/code.awk -f tests/circles.awk engine/registry.list FILES ...
#
# Says which of the C files use each other in a circle, and which files of engine/ outside the room of a layer or
# learner name it, by its symbol or by comparing with its name. What stands in a descriptor counts as used by its
# file; the registry, which names all parts by a list of its own, uses nobody.

function room(file) {
    sub(/\/[^\/]*$/, "", file)
    return file
}

# Whether `file` of engine/ stands outside the room that `owner` is in.
function outside(file, owner) {
    return file ~ /^engine/ && index(file, room(owner) "/") != 1
}

# What `file` reaches, without going through a file twice.
function walk(from, file, i, list, count) {
    count = split(targets[file], list, " ")
    for (i = 1; i <= count; i++)
        if (!((from, list[i]) in reaches)) {
            reaches[from, list[i]] = 1
            walk(from, list[i])
        }
}

FNR == 1 { head = "" }

FILENAME ~ /registry.list$/ {
    if (/^PART\((layer|learner), /) {
        sub(/\).*/, "", $2)
        part[$2] = 1
    }
    next
}

{
    line = code($0)
    rest = line
    while (match(rest, /"([^"\\]|\\.)*"/)) {
        text = substr(rest, RSTART + 1, RLENGTH - 2)
        if (line ~ /\.(name|alias|family) = /) named[FILENAME] = named[FILENAME] " " text
        if (line ~ /str(n?case|n)?cmp/) compared[FILENAME] = compared[FILENAME] " " text
        rest = substr(rest, RSTART + RLENGTH)
    }
    line = without_strings(line)
    if (line ~ /^[A-Za-z]/) {
        head = ""
        if (line !~ /^(static|extern|typedef)/ && match(line, /dg_[a-z0-9_]+\(/)) head = substr(line, RSTART, RLENGTH - 1)
    }
    if (line ~ /^{/ && head != "" && FILENAME ~ /c$/) defined[head] = FILENAME
    if (line ~ /^[a-z]/ && line !~ /^(static|extern|typedef)/ && match(line, /dg_[a-z0-9_]+(\[[^]]*\])*( =|;)/)) {
        data = substr(line, RSTART)
        sub(/[^a-z0-9_].*/, "", data)
        if (FILENAME ~ /c$/ && line !~ /\(/) defined[data] = FILENAME
    }
    while (match(line, /dg_[a-z0-9_]+/)) {
        used[FILENAME, substr(line, RSTART, RLENGTH)] = 1
        line = substr(line, RSTART + RLENGTH)
    }
}

END {
    for (pair in used) {
        split(pair, use, SUBSEP)
        to = defined[use[2]]
        if (to == "" || to == use[1]) continue
        if (use[1] ~ /c$/ && !((use[1], to) in edge)) {
            edge[use[1], to] = use[2]
            targets[use[1]] = targets[use[1]] " " to
        }
        if (use[2] in part && outside(use[1], to)) {
            print use[1] ": names " use[2] ", which only " room(to) " may"
            bad = 1
        }
    }
    for (file in targets) walk(file, file)
    for (pair in edge) {
        split(pair, ends, SUBSEP)
        if (!((ends[2], ends[1]) in reaches)) continue
        print ends[1] ": uses " edge[pair] " of " ends[2] ", which uses it in turn"
        bad = 1
    }
    for (symbol in part) {
        count = split(named[defined[symbol]], names, " ")
        for (i = 1; i <= count; i++)
            for (file in compared)
                if (outside(file, defined[symbol]) && index(compared[file] " ", " " names[i] " ") &&
                    !said[file, names[i]]++) {
                    print file ": compares with '" names[i] "', which only " room(defined[symbol]) " may"
                    bad = 1
                }
    }
    exit bad
}
