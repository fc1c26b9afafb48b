# vendor/install: skips what is there, without sudo or network; says in one line when it cannot install.
. tests/setup/tap.sh
export DIGITS_DISTRIBUTION=debian
calls=$scratch/calls
for program in sudo apt-get curl; do
    fake $program "echo $program \"\$@\" >>$calls; [ $program = apt-get ]"
done
touch "$calls"
nothing_called() { [ ! -s "$calls" ] || { cat "$calls" && false; }; }

everything='shift 3; for package; do echo "installed $package"; done'
fake dpkg-query "$everything"
vendor/install build demo data npm test lint race >"$out" 2>&1
check "succeeds when every package is there" [ $? = 0 ]
check "prints nothing then" lines_are 0
check "calls neither sudo nor apt-get nor the network" nothing_called

fake dpkg-query 'exit 1'
vendor/install build >"$out" 2>&1
check "takes what was installed by other means" [ $? = 0 ]
check "calls nothing for it" nothing_called

fake dpkg-query 'shift 3; for p; do [ $p = ca-certificates ] || echo "installed $p"; done'
fake id 'echo 0'
fake apt-cache 'echo "  Candidate: (none)"'
vendor/install data >"$out" 2>&1
check "installs as root without sudo" not grep -q sudo "$calls"
check "updates apt's lists when they do not offer the package" grep -q '^apt-get update' "$calls"
check "installs what is missing only" grep -q 'install.*recommends ca-certificates$' "$calls"

: >"$calls"
fake apt-cache 'echo "  Candidate: 1.0"'
vendor/install data >"$out" 2>&1
check "does not update lists that offer the package" not grep -q update "$calls"

fake id 'echo 1000'
fake sudo "echo sudo >>$calls; exec \"\$@\""
vendor/install data >"$out" 2>&1
check "uses sudo when not root" grep -q '^sudo' "$calls"

bare=$scratch/bare
mkdir "$bare"
for program in sh awk sed cut tr cat grep env dirname basename uname; do
    ln -s "$(command -v $program)" "$bare/$program"
done
rm "$scratch/bin/sudo"
for program in "$scratch"/bin/*; do ln -s "$program" "$bare/$(basename "$program")"; done
PATH=$bare vendor/install data >"$out" 2>&1
check "fails when it may not install" [ $? != 0 ]
check "says so in one line" lines_are 1
check "names the package and the command" says 'apt-get install ca-certificates'

DIGITS_DISTRIBUTION=plan9 vendor/install build >"$out" 2>&1
check "fails on an unknown system" [ $? != 0 ]
check "in one line" lines_are 1
vendor/install nonsense >"$out" 2>&1
check "refuses an unknown section" says "no section 'nonsense'"

for list in vendor/packages/*.txt; do
    for library in $(awk '!/^#/ && NF { print $1 }' vendor/libraries.txt); do
        grep -q "library:$library\$" "$list" || echo "$list lacks $library"
    done
done >"$out"
check "every list names every library" lines_are 0
finish
